using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.Anthropic;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Translation;

/// <summary>Chat clients on Claude: every recorded and captured Chat request, and whole answers both ways.</summary>
public sealed class ChatRequestsForClaudeTests
{
    private static readonly string[] Models = ["claude-3-5-haiku-20241022", "claude-sonnet-4-5", "anthropic/claude-opus-4.8"];

    public static TheoryData<string> ChatRequests() => Rows(SharedData.Recordings("openai-chat").Where(r => r.Request() is not null).Select(r => r.Folder));

    public static TheoryData<string> ChatCaptures() => Rows(new[] { "openclaw", "sdks" }.SelectMany(SharedData.Captures).Where(p => Path.GetFileName(p).Contains("chat", StringComparison.Ordinal)));

    public static TheoryData<string> ChatAnswers() => Rows(SharedData.Recordings("openai-chat").Where(r => r.Response() is not null && Status(r) == 200).Select(r => r.Folder));

    public static TheoryData<string> AnthropicAnswers() => Rows(SharedData.Recordings("anthropic-messages").Where(r => r.Response() is not null && Status(r) == 200).Select(r => r.Folder));

    [Theory]
    [MemberData(nameof(ChatRequests))]
    public void RecordedRequest_ForClaude_IsLegalAndTheSameEachTime(string folder)
    {
        SkipWithoutData();
        Check(new Recording(folder).Request()!);
    }

    [Theory]
    [MemberData(nameof(ChatCaptures))]
    public void CapturedRequest_ForClaude_IsLegalAndTheSameEachTime(string path)
    {
        SkipWithoutData();
        using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
        Check(Encoding.UTF8.GetBytes(capture.RootElement.GetProperty("body").GetRawText()));
    }

    [Theory]
    [MemberData(nameof(ChatAnswers))]
    public void ChatAnswer_ForAnthropicClient_KeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        var read = OpenAIChatFormat.Instance.ReadResponse(recording.Response()!, ChatTestKit.DialectOf(recording));
        if (read.Error is not null)
        {
            return;
        }

        var chat = new ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteResponse(read.Value!, ChatTestKit.Client, new DegradationLog(), chat);
        var expected = ChatTestKit.ReadChatResponse(chat.WrittenSpan.ToArray());
        var output = new ArrayBufferWriter<byte>();
        AnthropicFormat.Instance.WriteResponse(read.Value!, AnthropicAnswer.Client, new DegradationLog(), output);
        var actual = AnthropicAnswer.OfBody(output.WrittenSpan.ToArray());
        Assert.Equal(expected.Text + expected.Refusal, string.Concat(actual.Blocks.Where(b => b.StartsWith("text ", StringComparison.Ordinal)).Select(b => b[5..].Split(" {\"type\":\"web_search_result_location\"")[0])));
        Assert.Equal(expected.Calls.Select(c => c.Name + " " + AsObject(c.Arguments)), actual.Blocks.Where(b => b.StartsWith("tool ", StringComparison.Ordinal)).Select(b => b.Split(' ', 3)[2]));
        Assert.Equal(expected.Finish switch { "length" => "max_tokens", "content_filter" => "refusal", "tool_calls" => "tool_use", _ => expected.Refusal.Length > 0 ? "refusal" : "end_turn" }, actual.Stop);
    }

    [Theory]
    [MemberData(nameof(AnthropicAnswers))]
    public void AnthropicAnswer_ForChatClient_KeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        var body = new Recording(folder).Response()!;
        var read = AnthropicFormat.Instance.ReadResponse(body, ChatDialect.Generic);
        if (read.Error is not null)
        {
            // Token counts and the like: no answers, and told so.
            Assert.Equal(ErrorKind.BadResponse, read.Error.Kind);
            return;
        }

        var expected = AnthropicAnswer.OfBody(body);
        var output = new ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteResponse(read.Value!, ChatTestKit.Client, new DegradationLog(), output);
        var actual = ChatTestKit.ReadChatResponse(output.WrittenSpan.ToArray());
        using var before = JsonDocument.Parse(body);
        Assert.Equal(
            string.Concat(before.RootElement.GetProperty("content").EnumerateArray().Where(b => b.GetProperty("type").GetString() == "text").Select(b => b.GetProperty("text").GetString())),
            actual.Text);
        Assert.Equal(expected.Blocks.Where(b => b.StartsWith("tool ", StringComparison.Ordinal)).Select(b => b.Split(' ', 3)[2]), actual.Calls.Select(c => c.Name + " " + c.Arguments));
        Assert.Equal(expected.Usage.Input + expected.Usage.Read + expected.Usage.Written, actual.Usage!.Value.GetProperty("prompt_tokens").GetInt64());
        Assert.Equal(expected.Usage.Output, actual.Usage!.Value.GetProperty("completion_tokens").GetInt64());
    }

    private static void Check(byte[] body)
    {
        var read = OpenAIChatFormat.Instance.ReadRequest(body);
        if (read.Error is not null)
        {
            Assert.Equal(ErrorKind.InvalidRequest, read.Error.Kind);
            return;
        }

        foreach (var model in Models)
        {
            var target = new UpstreamTarget(model, ChatDialect.Generic, ModelTraits.Unknown);
            var first = new ArrayBufferWriter<byte>();
            var refusal = AnthropicFormat.Instance.WriteRequest(read.Value!, target, new DegradationLog(), first);
            if (refusal is not null)
            {
                Assert.Equal(400, refusal.Status);
                continue;
            }

            Assert.Empty(AnthropicRequestRules.Violations(first.WrittenSpan));
            var second = new ArrayBufferWriter<byte>();
            AnthropicFormat.Instance.WriteRequest(OpenAIChatFormat.Instance.ReadRequest(body).Value!, target, new DegradationLog(), second);
            Assert.True(first.WrittenSpan.SequenceEqual(second.WrittenSpan));

            // Read by other code: every call of the history is there, and every function tool in its order.
            using var before = JsonDocument.Parse(body);
            using var after = JsonDocument.Parse(first.WrittenMemory);
            Assert.Equal(ChatCalls(before.RootElement), ClaudeCalls(after.RootElement));
            Assert.Equal(
                Items(before.RootElement, "tools").Where(t => t.TryGetProperty("function", out _)).Select(t => t.GetProperty("function"))
                    .Concat(Items(before.RootElement, "functions")).Select(f => f.GetProperty("name").GetString()),
                Items(after.RootElement, "tools").Select(t => t.GetProperty("name").GetString()));
        }
    }

    // Anthropic's input is an object: the free text of a custom tool, or broken JSON, comes inside one.
    private static string AsObject(string arguments) => arguments.StartsWith('{') ? arguments : JsonSerializer.Serialize(new { invalid_json = arguments });

    private static List<string> ChatCalls(JsonElement request) =>
    [
        .. Items(request, "messages").SelectMany(m => Items(m, "tool_calls")).Where(c => c.TryGetProperty("function", out _)).Select(c => c.GetProperty("function"))
            .Select(f => f.GetProperty("name").GetString() + " " + ChatTestKit.Canonical(f.GetProperty("arguments") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : f.GetProperty("arguments").GetRawText())),
    ];

    private static List<string> ClaudeCalls(JsonElement request) =>
    [
        .. Items(request, "messages").SelectMany(m => Items(m, "content")).Where(b => b.GetProperty("type").GetString() == "tool_use")
            .Select(b => b.GetProperty("name").GetString() + " " + ChatTestKit.Canonical(b.GetProperty("input").GetRawText())),
    ];

    private static List<JsonElement> Items(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    private static int Status(Recording recording) =>
        recording.Meta().TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.Number ? status.GetInt32() : 200;

    private static TheoryData<string> Rows(IEnumerable<string> rows)
    {
        var data = new TheoryData<string>();
        foreach (var row in rows)
        {
            data.Add(row);
        }

        if (!SharedData.Exists)
        {
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
