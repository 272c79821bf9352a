using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.Native;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Protocols.Tests.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Every real Gemini exchange: passed on as it is, read, written again, and read by independent code.</summary>
public sealed class GeminiRecordingTests
{
    public static TheoryData<string> Streams() => GeminiTestKit.Folders("gemini", r => r.Stream() is not null);

    public static TheoryData<string> Whole() => GeminiTestKit.Folders("gemini", r => r.Response() is not null && GeminiTestKit.Status(r) == 200);

    public static TheoryData<string> Errors() => GeminiTestKit.Folders("gemini", r => r.Response() is not null && GeminiTestKit.Status(r) != 200);

    public static TheoryData<string> Requests() => GeminiTestKit.Folders("gemini", r => r.Request() is not null);

    [Theory]
    [MemberData(nameof(Streams))]
    public void F04_RecordedStream_AnySplit_PassesByteForByte(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var recording = new Recording(folder);
        var input = recording.Stream()!;
        var whole = NativeRelayRun.Of(WireProtocol.Gemini, input, [input.Length]);
        Assert.Null(whole.Error);
        Assert.True(input.AsSpan().SequenceEqual(whole.Output.ToArray()));
        var chunks = GeminiTestKit.Chunks(input, stream: true);
        var expected = GeminiTestKit.Read(chunks);
        Assert.Equal(GeminiTestKit.NormalFinish(expected), whole.Relay.StopReason.ToString());
        Assert.Equal(chunks[0].GetProperty("responseId").GetString(), whole.Relay.ResponseId);
        Assert.Equal(chunks.Last(c => c.TryGetProperty("usageMetadata", out _)).GetProperty("usageMetadata").GetRawText(), whole.UsageObjects[^1]);
        foreach (var pieces in new[] { Feeding.OneByOne(input.Length), Feeding.NetworkChunks(recording) }.Concat(input.Length > 2000 ? [] : Enumerable.Range(1, input.Length - 1).Select(s => (IEnumerable<int>)[s])))
        {
            var split = NativeRelayRun.Of(WireProtocol.Gemini, input, pieces);
            Assert.Equal(whole.Runs, split.Runs);
            Assert.Equal(whole.Relay.ContentBytes, split.Relay.ContentBytes);
            Assert.Null(split.Error);
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void RecordedStream_EveryRun_HasTheRoleOfItsChunk(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var input = new Recording(folder).Stream()!;
        var run = NativeRelayRun.Of(WireProtocol.Gemini, input, [input.Length]);
        foreach (var (role, text) in run.Runs.Where(r => r.Text.Length > 0))
        {
            var chunk = GeminiTestKit.Parse(text.Trim()[5..]);
            var parts = chunk.TryGetProperty("candidates", out var c) && c[0].TryGetProperty("content", out var content) && content.TryGetProperty("parts", out var p) ? p.EnumerateArray().ToList() : [];
            var calls = parts.Where(x => x.TryGetProperty("functionCall", out _)).Select(x => x.GetProperty("functionCall")).ToList();
            var finished = chunk.TryGetProperty("candidates", out c) && c[0].TryGetProperty("finishReason", out _);
            var says = parts.Any(x => x.TryGetProperty("text", out var t) ? t.GetString()!.Length > 0 : !x.TryGetProperty("functionCall", out _) && x.EnumerateObject().Any(m => m.Name != "thoughtSignature"));
            var expected = calls.Count > 0 ? calls[^1].TryGetProperty("willContinue", out _) ? SegmentRole.ToolFragment : SegmentRole.ToolComplete
                : says ? SegmentRole.Content
                : finished ? SegmentRole.Stop
                : SegmentRole.Preamble;
            Assert.Equal(expected, role);
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void RecordedStream_ReadAndWritten_KeepsItsMeaning(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var input = new Recording(folder).Stream()!;
        var expected = GeminiTestKit.Read(GeminiTestKit.Chunks(input, stream: true));
        var events = GeminiTestKit.ReadStream(input);
        var collected = ChatTestKit.Collect(events);
        Assert.Null(collected.Error);
        Assert.Equal(expected.Text, collected.Text);
        Assert.Equal(expected.Thinking, collected.Thinking);
        Assert.Equal(expected.Calls, collected.Calls);
        Assert.Equal(GeminiTestKit.NormalFinish(expected), collected.Finish);
        CheckUsage(expected.Usage, events.OfType<StreamEvent.UsageReported>().LastOrDefault()?.Usage);

        var written = GeminiTestKit.WriteStream(events);
        Assert.Null(GeminiTestKit.Grammar(written));
        var again = GeminiTestKit.Read(GeminiTestKit.Chunks(written, stream: true));
        Assert.Equal(expected.Text, again.Text);
        Assert.Equal(expected.Thinking, again.Thinking);
        Assert.Equal(expected.Calls, again.Calls);
        Assert.Equal(Signatures(GeminiTestKit.Chunks(input, stream: true)), Signatures(GeminiTestKit.Chunks(written, stream: true)));
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void RecordedAnswer_ReadAndWritten_KeepsItsMeaning(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var body = new Recording(folder).Response()!;
        var expected = GeminiTestKit.Read(GeminiTestKit.Chunks(body, stream: false));
        var read = GeminiFormat.Instance.ReadResponse(body, ChatDialect.Generic);
        Assert.Null(read.Error);
        var response = read.Value!;
        Assert.Equal(expected.Text, string.Concat(response.Parts.OfType<TextPart>().Select(t => t.Text)));
        Assert.Equal(expected.Thinking, string.Concat(response.Parts.OfType<ThinkingPart>().Select(t => t.Text)));
        Assert.Equal(expected.Calls, response.Parts.OfType<ToolCallPart>().Select(c => (c.Name, ChatTestKit.Canonical(c.Arguments.ToString()))));
        Assert.Equal(GeminiTestKit.NormalFinish(expected), response.StopReason.ToString());
        CheckUsage(expected.Usage, response.Usage);

        var output = new ArrayBufferWriter<byte>();
        GeminiFormat.Instance.WriteResponse(response, GeminiTestKit.Client, new DegradationLog(), output);
        var written = output.WrittenSpan.ToArray();
        var again = GeminiTestKit.Read(GeminiTestKit.Chunks(written, stream: false));
        Assert.Equal(expected.Finish == "BLOCKED" ? GeminiTestKit.Chunks(body, stream: false)[0].GetProperty("promptFeedback").GetProperty("blockReasonMessage").GetString() : expected.Text, again.Text);
        Assert.Equal(expected.Thinking, again.Thinking);
        Assert.Equal(expected.Calls, again.Calls);
        Assert.Equal(Signatures(GeminiTestKit.Chunks(body, stream: false)), Signatures([GeminiTestKit.Parse(written)]));
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void RecordedAnswer_Inspected_SaysTheSameAsAReading(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var body = new Recording(folder).Response()!;
        var chunks = GeminiTestKit.Chunks(body, stream: false);
        var expected = GeminiTestKit.Read(chunks);
        var facts = Sluice.Protocols.Native.NativeResponses.Inspect(WireProtocol.Gemini, body, (usage, previous) => GeminiFormat.Instance.ReadUsage(usage, previous, ChatDialect.Generic));
        if (GeminiTestKit.Parse(body).ValueKind == JsonValueKind.Array)
        {
            Assert.False(facts.IsJsonObject);
            return;
        }

        Assert.True(facts.IsJsonObject);
        Assert.False(facts.IsError);
        Assert.Equal(expected.Finish is null ? "" : GeminiTestKit.NormalFinish(expected), facts.StopReason.ToString());
        Assert.Equal(chunks[0].TryGetProperty("responseId", out var id) ? id.GetString() : null, facts.Id);
        CheckUsage(expected.Usage, facts.Usage);
        if (expected.Text.Length + expected.Thinking.Length + expected.Calls.Count > 0)
        {
            Assert.True(facts.HasContent);
        }
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void RecordedError_IsReadWithItsWords(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var recording = new Recording(folder);
        var body = recording.Response()!;
        var root = GeminiTestKit.Parse(body);
        var error = (root.ValueKind == JsonValueKind.Array ? root[0] : root).GetProperty("error");
        var read = GeminiFormat.Instance.ReadError(GeminiTestKit.Status(recording), body);
        Assert.Equal(GeminiTestKit.Status(recording), read.Status);
        Assert.Equal(error.GetProperty("message").GetString(), read.Message);
        Assert.Equal(error.GetProperty("status").GetString(), read.Type);
        var kind = error.GetRawText().Contains("API_KEY_INVALID", StringComparison.Ordinal) ? ErrorKind.Authentication : error.GetProperty("status").GetString() switch
        {
            "RESOURCE_EXHAUSTED" => read.RetryAfter is null ? read.Kind : ErrorKind.RateLimit,
            "NOT_FOUND" => ErrorKind.ModelNotFound,
            "PERMISSION_DENIED" => ErrorKind.Permission,
            "UNAVAILABLE" => ErrorKind.Overloaded,
            "INTERNAL" => ErrorKind.UpstreamError,
            _ => ErrorKind.InvalidRequest,
        };
        Assert.Equal(kind, read.Kind);
        if (error.TryGetProperty("details", out var details) && details.EnumerateArray().FirstOrDefault(d => d.TryGetProperty("retryDelay", out _)) is { ValueKind: JsonValueKind.Object } retry)
        {
            Assert.Equal(double.Parse(retry.GetProperty("retryDelay").GetString()![..^1], System.Globalization.CultureInfo.InvariantCulture), read.RetryAfter!.Value.TotalSeconds, 3);
        }
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void RecordedRequest_IsReadAndWrittenForGemini_WithTheSameTurns(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var recording = new Recording(folder);
        var body = recording.Request()!;
        var read = GeminiFormat.Instance.ReadRequest(body);
        if (folder.Contains("invalid-role", StringComparison.Ordinal))
        {
            Assert.Contains("valid role", read.Error!.Message, StringComparison.Ordinal);
            return;
        }

        Assert.Null(read.Error);
        var written = GeminiTestKit.WriteRequest(read.Value!, "gemini-3-pro-preview");
        var before = Calls(GeminiTestKit.Parse(body));
        Assert.Equal(before, Calls(written));
    }

    // Texts of the user and calls with their arguments and signatures, in order.
    private static List<string> Calls(JsonElement request)
    {
        var found = new List<string>();
        foreach (var content in request.GetProperty("contents").EnumerateArray())
        {
            foreach (var part in content.TryGetProperty("parts", out var parts) ? parts.EnumerateArray() : default)
            {
                if (part.TryGetProperty("text", out var text) && text.GetString()!.Length > 0)
                {
                    found.Add(text.GetString()!);
                }
                else if (part.TryGetProperty("functionCall", out var call) || part.TryGetProperty("function_call", out call))
                {
                    found.Add(call.GetProperty("name").GetString() + ChatTestKit.Canonical(call.TryGetProperty("args", out var args) ? args.GetRawText() : ""));
                }
                else if (part.TryGetProperty("functionResponse", out var result) || part.TryGetProperty("function_response", out result))
                {
                    found.Add("→" + result.GetProperty("name").GetString());
                }
            }
        }

        return found;
    }

    // In order, and what stands on the part with them: a call's name, or nothing.
    private static List<string> Signatures(IEnumerable<JsonElement> chunks)
    {
        var found = new List<string>();
        foreach (var chunk in chunks)
        {
            foreach (var candidate in chunk.TryGetProperty("candidates", out var list) ? list.EnumerateArray() : default)
            {
                foreach (var part in candidate.TryGetProperty("content", out var content) && content.TryGetProperty("parts", out var parts) ? parts.EnumerateArray() : default)
                {
                    if (part.TryGetProperty("thoughtSignature", out var signature))
                    {
                        found.Add((part.TryGetProperty("functionCall", out var call) ? call.GetProperty("name").GetString() : "") + signature.GetString());
                    }
                }
            }
        }

        return found;
    }

    private static void CheckUsage(JsonElement? expected, TokenUsage? actual)
    {
        if (expected is not { } usage)
        {
            Assert.True(actual is null or { IsReported: false });
            return;
        }

        Assert.NotNull(actual);
        long Count(string name) => usage.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
        Assert.Equal(Count("promptTokenCount") + Count("toolUsePromptTokenCount"), actual.TotalInput);
        Assert.Equal(Count("totalTokenCount") - Count("promptTokenCount") - Count("toolUsePromptTokenCount"), actual.TotalOutput);
        Assert.Equal(Count("cachedContentTokenCount"), actual.CacheRead ?? 0);
        Assert.Equal(Count("thoughtsTokenCount"), actual.Reasoning ?? 0);
        Assert.False(actual.IsAnomalous);
    }
}
