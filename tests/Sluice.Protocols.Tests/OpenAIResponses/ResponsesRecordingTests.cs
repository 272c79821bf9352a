using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAIResponses;
using Sluice.Protocols.Tests.Native;
using Sluice.Protocols.Tests.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIResponses;

/// <summary>Every real Responses exchange: passed natively, read, written again, and read by independent code.</summary>
public sealed class ResponsesRecordingTests
{
    public static TheoryData<string> Whole() => Rows(Recordings(r => r.Response() is { } body && Status(r) == 200 && !IsQueued(body)));

    // One recording of the folder is a Chat stream under a wrong label.
    public static TheoryData<string> Streams() => Rows(Recordings(r => r.Stream() is { } s && !Encoding.UTF8.GetString(s).Contains("chat.completion.chunk", StringComparison.Ordinal)));

    /// <summary>Without those whose publishers changed texts (their deltas are another text than their finished items) or left events out.</summary>
    public static TheoryData<string> UneditedStreams() => Rows(Streams().Select(r => r.Data).Where(f => !Edited.Contains(f)));

    private static readonly string[] Edited =
    [
        "openai/req-llm-object-streaming--0-11", // an e-mail address was replaced in the finished text alone
        "openai/ai-openai-shell-container-1-stream--0", // deltas were left out
        "openai/ai-openai-phase-1-stream--0", // events were left out
    ];

    public static TheoryData<string> Errors() => Rows(Recordings(r => Status(r) != 200));

    [Theory]
    [MemberData(nameof(Whole))]
    public void Response_ReadAndWritten_KeepsItsMeaning(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var body = new Recording(folder).Response()!;
        var expected = ResponsesAnswer.OfBody(body);
        var read = OpenAIResponsesFormat.Instance.ReadResponse(body, ChatDialect.Generic);
        Assert.Null(read.Error);
        var output = new ArrayBufferWriter<byte>();
        OpenAIResponsesFormat.Instance.WriteResponse(read.Value!, ResponsesAnswer.Client, new DegradationLog(), output);
        var actual = ResponsesAnswer.OfBody(output.WrittenSpan.ToArray());
        Same(expected, actual);
        Assert.Equal(expected.Stop, read.Value!.StopReason.ToString());
        SameUsage(expected.Usage, actual.Usage);
        var facts = NativeResponses.Inspect(WireProtocol.OpenAIResponses, body, (usage, before) => OpenAIResponsesFormat.Instance.ReadUsage(usage, before, ChatDialect.Generic));
        Assert.True(facts.IsJsonObject);
        Assert.False(facts.IsError);
        Assert.Equal(expected.Stop, facts.StopReason.ToString());
        Assert.Equal(read.Value.Usage, facts.Usage);
        Assert.Equal(expected.Text.Length + expected.Thinking.Length + expected.Calls.Count + expected.Others.Count + expected.Custom.Count > 0, facts.HasContent);
        using var document = JsonDocument.Parse(body);
        Assert.Equal(document.RootElement.GetProperty("id").GetString(), facts.Id);
    }

    [Theory]
    [MemberData(nameof(UneditedStreams))]
    public void F09_Stream_ReadAndWritten_KeepsItsMeaningAndIsLegal(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var stream = new Recording(folder).Stream()!;
        var expected = ResponsesAnswer.OfStream(stream);
        var events = ResponsesAnswer.Read(stream);
        var told = ResponsesAnswer.OfEvents(events);
        if (expected.Error is not null)
        {
            Assert.NotNull(told.Error);
            return;
        }

        Assert.Null(told.Error);
        Same(expected, told);
        Assert.Equal(expected.Stop, told.Stop);
        var written = ResponsesAnswer.Write(events);
        Assert.Null(ResponsesAnswer.Grammar(written));
        var actual = ResponsesAnswer.OfStream(written);
        Same(expected, actual);
        SameUsage(expected.Usage, actual.Usage);

        // Once more through our own bytes: nothing may be told twice.
        Same(expected, ResponsesAnswer.OfEvents(ResponsesAnswer.Read(written)));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F04_NativeStream_AnySplit_PassesByteForByte(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var recording = new Recording(folder);
        var input = recording.Stream()!;
        var whole = NativeRelayRun.Of(WireProtocol.OpenAIResponses, input, [input.Length]);
        var (expected, fails, usage, id) = Expected(input);
        Assert.Equal(expected, Encoding.UTF8.GetString(whole.Output.ToArray()));
        Assert.Equal(fails, whole.Error is not null);
        Assert.Equal(usage, whole.UsageObjects.LastOrDefault());
        Assert.Equal(id, whole.Relay.ResponseId);
        if (!fails)
        {
            Assert.Equal(SegmentRole.Terminal, whole.Runs[^1].Role);
            Assert.Equal(ResponsesAnswer.OfStream(input).Stop, whole.Relay.StopReason.ToString());
        }

        CheckSame(NativeRelayRun.Of(WireProtocol.OpenAIResponses, input, Feeding.OneByOne(input.Length)), whole);
        CheckSame(NativeRelayRun.Of(WireProtocol.OpenAIResponses, input, Feeding.NetworkChunks(recording)), whole);
        if (input.Length <= 4000)
        {
            for (var split = 1; split < input.Length; split++)
            {
                CheckSame(NativeRelayRun.Of(WireProtocol.OpenAIResponses, input, [split]), whole);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F13_NativeStream_EveryEvent_HasItsRole(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var input = new Recording(folder).Stream()!;
        var run = NativeRelayRun.Of(WireProtocol.OpenAIResponses, input, [input.Length]);
        foreach (var (role, text) in run.Runs.Where(r => r.Text.Contains("data:", StringComparison.Ordinal)))
        {
            // Neighbouring content is one run: its first event tells.
            var data = text.Split('\n').First(l => l.StartsWith("data:", StringComparison.Ordinal))[5..].Trim();
            using var document = JsonDocument.Parse(data);
            Assert.Equal(RoleOf(document.RootElement), role);
        }
    }

    [Theory]
    [MemberData(nameof(UneditedStreams))]
    public void Grammar_AcceptsWhatOpenAISends(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);

        // Others take liberties: Copilot's ids change, DeepSeek's and LM Studio's events lack members.
        var stream = FirstAnswer(new Recording(folder).Stream()!);
        if (folder.StartsWith("openai/", StringComparison.Ordinal) || folder.StartsWith("azure/", StringComparison.Ordinal))
        {
            // Until 2025 events had no numbers.
            var numbered = Encoding.UTF8.GetString(stream).Contains("\"sequence_number\"", StringComparison.Ordinal);
            Assert.Equal(numbered ? null : "sequence_number is -1, not 0", ResponsesAnswer.Grammar(stream)?.Split(" at ")[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void Error_IsReadWithItsWordsAndKind(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var recording = new Recording(folder);
        var body = recording.Response()!;
        var error = OpenAIResponsesFormat.Instance.ReadError(Status(recording), body);
        using var document = JsonDocument.Parse(body);
        var inner = document.RootElement.GetProperty("error");
        Assert.Equal(inner.ValueKind == JsonValueKind.String ? inner.GetString() : inner.GetProperty("message").GetString(), error.Message);
        Assert.Equal(Status(recording), error.Status);
        var expected = inner.ValueKind == JsonValueKind.String || Status(recording) == 401 ? ErrorKind.Authentication
            : inner.GetProperty("code").GetString() == "model_not_found" ? ErrorKind.ModelNotFound
            : ErrorKind.InvalidRequest;
        Assert.Equal(expected, error.Kind);
    }

    private static SegmentRole RoleOf(JsonElement root)
    {
        var item = root.TryGetProperty("item", out var holder) ? ResponsesAnswer.Member(holder, "type") : null;
        var isCall = item is "function_call" || (item == "custom_tool_call" && !ResponsesAnswer.Member(holder, "call_id")!.StartsWith("xs_", StringComparison.Ordinal));
        var told = ResponsesAnswer.Member(root, "delta") ?? ResponsesAnswer.Member(root, "text") ?? ResponsesAnswer.Member(root, "refusal");
        return ResponsesAnswer.Member(root, "type")! switch
        {
            "response.completed" or "response.incomplete" => SegmentRole.Terminal,
            "response.output_item.added" when isCall => SegmentRole.ToolFragment,
            "response.output_item.done" when isCall => SegmentRole.ToolComplete,
            "response.function_call_arguments.delta" or "response.function_call_arguments.done" => SegmentRole.ToolFragment,
            "response.created" or "response.queued" or "response.in_progress" or "response.content_part.added" or "response.content_part.done"
                or "response.reasoning_summary_part.added" or "response.reasoning_summary_part.done" => SegmentRole.Preamble,
            "response.output_item.added" when item is "message" or "reasoning" => SegmentRole.Preamble,
            "response.output_item.done" when item is "message" or "reasoning" => HasText(holder) ? SegmentRole.Content : SegmentRole.Preamble,
            "response.output_text.delta" or "response.output_text.done" or "response.reasoning_text.delta" or "response.reasoning_text.done"
                or "response.reasoning_summary_text.delta" or "response.reasoning_summary_text.done" => told!.Length > 0 ? SegmentRole.Content : SegmentRole.Preamble,
            _ => SegmentRole.Content,
        };
    }

    private static bool HasText(JsonElement item) =>
        new[] { "content", "summary" }.Any(name => item.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().Any(p => ResponsesAnswer.Member(p, "text") is { Length: > 0 } || ResponsesAnswer.Member(p, "refusal") is { Length: > 0 }));

    // What a reading by lines and object trees says: the bytes up to an error or the terminal event, its usage object, the id.
    private static (string Output, bool Fails, string? Usage, string? Id) Expected(byte[] stream)
    {
        var text = Encoding.UTF8.GetString(stream);
        var position = 0;
        string? id = null;
        foreach (var (_, data, raw) in SseSplitter.Split(stream))
        {
            // Comments stand between the events.
            var start = text.IndexOf(Encoding.UTF8.GetString(raw), position, StringComparison.Ordinal);
            var end = start + Encoding.UTF8.GetString(raw).Length;
            if (data.Length > 0 && data[0] == (byte)'{')
            {
                using var document = JsonDocument.Parse(data);
                var root = document.RootElement;
                var type = ResponsesAnswer.Member(root, "type");
                if (type is "error" or "response.failed")
                {
                    return (text[..start], true, null, id);
                }

                var response = root.TryGetProperty("response", out var told) ? told : default;
                id ??= ResponsesAnswer.Member(response, "id");
                if (type is "response.completed" or "response.incomplete")
                {
                    return (text[..end], false, response.GetProperty("usage").GetRawText(), id);
                }
            }

            position = end;
        }

        return (text, true, null, id);
    }

    // Some recordings hold the next answers too.
    private static byte[] FirstAnswer(byte[] stream)
    {
        var events = SseSplitter.Split(stream);
        var end = events.FindIndex(e => Encoding.UTF8.GetString(e.Data) is var d && (d.Contains("\"response.completed\"", StringComparison.Ordinal) || d.Contains("\"response.incomplete\"", StringComparison.Ordinal) || d.Contains("\"response.failed\"", StringComparison.Ordinal)));
        return [.. events.Take(end < 0 ? events.Count : end + 1).SelectMany(e => e.Raw)];
    }

    private static void CheckSame(NativeRelayRun run, NativeRelayRun whole)
    {
        Assert.Equal(whole.Runs, run.Runs);
        Assert.Equal(whole.Relay.Usage, run.Relay.Usage);
        Assert.Equal(whole.Relay.StopReason, run.Relay.StopReason);
        Assert.Equal(whole.Relay.ContentBytes, run.Relay.ContentBytes);
        Assert.Equal(whole.Error, run.Error);
    }

    private static void Same(ResponsesAnswer expected, ResponsesAnswer actual)
    {
        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.Thinking, actual.Thinking);
        Assert.Equal(expected.Refusal, actual.Refusal);
        Assert.Equal(expected.Calls, actual.Calls);
        Assert.Equal(expected.Custom, actual.Custom);
        Assert.Equal(expected.Others, actual.Others);
        Assert.Equal(expected.Sealed, actual.Sealed);
    }

    private static void SameUsage(JsonElement? expected, JsonElement? actual)
    {
        if (expected is not { } counts)
        {
            return;
        }

        foreach (var name in new[] { "input_tokens", "output_tokens", "total_tokens" })
        {
            Assert.Equal(counts.GetProperty(name).GetInt64(), actual!.Value.GetProperty(name).GetInt64());
        }

        Assert.Equal(Detail(counts, "input_tokens_details", "cached_tokens"), Detail(actual!.Value, "input_tokens_details", "cached_tokens"));
        Assert.Equal(Detail(counts, "input_tokens_details", "cache_write_tokens"), Detail(actual.Value, "input_tokens_details", "cache_write_tokens"));
        Assert.Equal(Detail(counts, "output_tokens_details", "reasoning_tokens"), Detail(actual.Value, "output_tokens_details", "reasoning_tokens"));
    }

    private static long Detail(JsonElement usage, string holder, string name) =>
        usage.TryGetProperty(holder, out var details) && details.ValueKind == JsonValueKind.Object && details.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;

    private static bool IsQueued(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return ResponsesAnswer.Member(document.RootElement, "status") is "queued" or "in_progress";
    }

    private static int Status(Recording recording) =>
        recording.Meta().TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.Number ? status.GetInt32() : 200;

    private static IEnumerable<string> Recordings(Func<Recording, bool> wanted) => SharedData.Recordings("openai-responses").Where(wanted).Select(r => r.Folder);

    private static TheoryData<string> Rows(IEnumerable<string> rows)
    {
        var data = new TheoryData<string>();
        foreach (var row in rows)
        {
            data.Add(row);
        }

        if (!SharedData.Exists)
        {
            // One row that skips, so that the gap is seen.
            data.Add("missing");
        }

        return data;
    }
}
