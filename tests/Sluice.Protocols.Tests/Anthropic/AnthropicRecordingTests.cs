using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>Every real Messages exchange and every request of a real client: read, written again, and read by independent code.</summary>
public sealed class AnthropicRecordingTests
{
    public static TheoryData<string> Whole() => Rows(Recordings(r => r.Response() is { } body && Status(r) == 200 && IsMessage(body)));

    public static TheoryData<string> Streams() => Rows(Recordings(r => r.Stream() is not null));

    public static TheoryData<string> Errors() => Rows(Recordings(r => Status(r) != 200));

    public static TheoryData<string> Requests() => Rows(Recordings(r => r.Request() is not null));

    public static TheoryData<string> Captures() => Rows(
        new[] { "claude-code", "claude-interactive", "openclaw", "sdks" }.SelectMany(SharedData.Captures)
            .Where(p => Path.GetFileName(p).Contains("anthropic", StringComparison.Ordinal) && CaptureBody(p) is not null));

    [Theory]
    [MemberData(nameof(Whole))]
    public void F05_Response_ReadAndWritten_KeepsEveryBlock(string folder)
    {
        SkipWithoutData();
        var body = new Recording(folder).Response()!;
        var read = AnthropicFormat.Instance.ReadResponse(body, ChatDialect.Generic);
        Assert.Null(read.Error);
        var output = new ArrayBufferWriter<byte>();
        AnthropicFormat.Instance.WriteResponse(read.Value!, AnthropicAnswer.Client, new DegradationLog(), output);
        var before = AnthropicAnswer.OfBody(body);
        (before with { Stop = Consistent(before) }).AssertSame(AnthropicAnswer.OfBody(output.WrittenSpan.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F05_Stream_ReadAndWritten_KeepsEveryBlock(string folder)
    {
        SkipWithoutData();
        var stream = new Recording(folder).Stream()!;
        var expected = AnthropicAnswer.OfStream(stream);
        var events = AnthropicAnswer.Read(stream);
        if (expected.Error is not null || expected.Stop is null)
        {
            // Faults made up from documentation: the stream must not pass as whole.
            var failed = Assert.IsType<StreamEvent.Failed>(events[^1]);
            Assert.Equal(expected.Error is null ? ErrorKind.BadResponse : ErrorKind.Overloaded, failed.Error.Kind);
            return;
        }

        var written = AnthropicAnswer.Write(events);
        Assert.Null(AnthropicAnswer.Grammar(written));
        expected.AssertSame(AnthropicAnswer.OfStream(written));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F04_Stream_InAnyPieces_MeansTheSame(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        var stream = recording.Stream()!;
        var whole = AnthropicAnswer.Write(AnthropicAnswer.Read(stream));
        Assert.Equal(whole, AnthropicAnswer.Write(AnthropicAnswer.Read(stream, Feeding.NetworkChunks(recording))));
        Assert.Equal(whole, AnthropicAnswer.Write(AnthropicAnswer.Read(stream, Feeding.OneByOne(stream.Length))));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void Grammar_AcceptsRealStreams(string folder)
    {
        SkipWithoutData();
        var stream = new Recording(folder).Stream()!;
        var verdict = AnthropicAnswer.Grammar(First(stream));
        if (folder.Contains("midstream-cut", StringComparison.Ordinal))
        {
            Assert.NotNull(verdict);
        }
        else
        {
            Assert.Null(verdict);
        }
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void F22_Error_IsReadAndWrittenWithItsWords(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        var body = recording.Response()!;
        var error = AnthropicFormat.Instance.ReadError(Status(recording), body);
        using var document = JsonDocument.Parse(body);
        var words = document.RootElement.GetProperty("error");
        Assert.Equal(words.GetProperty("message").GetString(), error.Message);
        Assert.Equal(words.GetProperty("type").GetString(), error.Type);
        Assert.Equal(Status(recording), error.Status);

        var output = new ArrayBufferWriter<byte>();
        AnthropicFormat.Instance.WriteError(new GatewayError(error.Kind, ErrorSource.Provider, Status(recording), error.Message) { ContextTokens = error.ContextTokens }, output);
        using var written = JsonDocument.Parse(output.WrittenMemory);
        Assert.Equal(error.Message, written.RootElement.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(words.GetProperty("type").GetString(), written.RootElement.GetProperty("error").GetProperty("type").GetString());
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Request_WrittenAgain_IsLegal(string folder)
    {
        SkipWithoutData();
        var body = new Recording(folder).Request()!;
        var read = AnthropicFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        using var before = JsonDocument.Parse(body);
        var model = before.RootElement.TryGetProperty("model", out var m) ? m.GetString()! : "claude-sonnet-4-5";
        using var after = JsonDocument.Parse(Write(read.Value!, model));
        Assert.Empty(AnthropicRequestRules.Violations(Encoding.UTF8.GetBytes(after.RootElement.GetRawText())));
        Assert.Equal(AnthropicRequestRules.CacheMarks(before.RootElement), AnthropicRequestRules.CacheMarks(after.RootElement));
        Assert.Equal(Signed(before.RootElement), Signed(after.RootElement));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void F17_ClientRequest_WrittenAgain_IsLegalWithItsCacheMarks(string path)
    {
        SkipWithoutData();
        var body = CaptureBody(path)!;
        var read = AnthropicFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        using var before = JsonDocument.Parse(body);
        var degradations = new DegradationLog();
        var bytes = Write(read.Value!, before.RootElement.GetProperty("model").GetString()!, degradations);
        using var after = JsonDocument.Parse(bytes);
        Assert.Empty(AnthropicRequestRules.Violations(bytes));
        Assert.Equal(AnthropicRequestRules.CacheMarks(before.RootElement), AnthropicRequestRules.CacheMarks(after.RootElement));
        Assert.Equal(Signed(before.RootElement), Signed(after.RootElement));
        foreach (var member in before.RootElement.EnumerateObject())
        {
            var isNothing = member.Value.ValueKind == JsonValueKind.False || (member.Value.ValueKind == JsonValueKind.Array && member.Value.GetArrayLength() == 0);
            Assert.True(after.RootElement.TryGetProperty(member.Name, out var kept) || isNothing, member.Name + " lost: " + string.Join(", ", degradations.Entries));
            if (!isNothing && member.Name is "tools" or "metadata" or "thinking" or "output_config" or "context_management")
            {
                Assert.True(JsonNode.DeepEquals(JsonNode.Parse(member.Value.GetRawText()), JsonNode.Parse(kept.GetRawText())), member.Name + " changed");
            }
        }

        Assert.Equal(bytes, Write(AnthropicFormat.Instance.ReadRequest(body).Value!, before.RootElement.GetProperty("model").GetString()!));
    }

    internal static byte[]? CaptureBody(string path)
    {
        using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
        return capture.RootElement.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.Object && body.TryGetProperty("messages", out _)
            ? Encoding.UTF8.GetBytes(body.GetRawText())
            : null;
    }

    private static byte[] Write(ConversationRequest request, string model, DegradationLog? degradations = null)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(AnthropicFormat.Instance.WriteRequest(request, new UpstreamTarget(model, ChatDialect.Generic, ModelTraits.Unknown), degradations ?? new DegradationLog(), output));
        return output.WrittenSpan.ToArray();
    }

    // What a signature covers, in order: thinking, its proof, and the calls behind it.
    private static List<string> Signed(JsonElement request) =>
    [
        .. request.GetProperty("messages").EnumerateArray()
            .Where(m => m.GetProperty("role").GetString() == "assistant" && m.GetProperty("content").ValueKind == JsonValueKind.Array)
            .SelectMany(m => m.GetProperty("content").EnumerateArray())
            .Where(b => b.GetProperty("type").GetString() is "thinking" or "redacted_thinking" or "tool_use")
            .Select(b => b.GetProperty("type").GetString() + "|" + Text(b, "thinking") + "|" + Text(b, "signature") + "|" + Text(b, "data") + "|" + Text(b, "id") + "|" + Text(b, "name")
                + (b.TryGetProperty("input", out var input) ? JsonSerializer.Serialize(input) : "")),
    ];

    private static string? Consistent(AnthropicAnswer answer) =>
        answer.Stop == "end_turn" && answer.Blocks.Any(b => b.StartsWith("tool ", StringComparison.Ordinal)) ? "tool_use" : answer.Stop;

    // Some recordings hold the next answer too.
    private static byte[] First(byte[] stream)
    {
        var events = SseSplitter.Split(stream);
        var end = events.FindIndex(e => e.Event == "message_stop");
        return [.. events.Take(end < 0 ? events.Count : end + 1).SelectMany(e => e.Raw)];
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsMessage(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array;
    }

    private static int Status(Recording recording) =>
        recording.Meta().TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.Number ? status.GetInt32() : 200;

    private static IEnumerable<string> Recordings(Func<Recording, bool> wanted) =>
        SharedData.Recordings("anthropic-messages").Where(wanted).Select(r => r.Folder);

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

    private static void SkipWithoutData()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }
    }
}
