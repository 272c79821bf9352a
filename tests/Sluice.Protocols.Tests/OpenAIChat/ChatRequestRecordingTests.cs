using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIChat;

/// <summary>Every recorded Chat request and every Chat capture of a real client: read, written again, checked by independent rules.</summary>
public sealed class ChatRequestRecordingTests
{
    public static TheoryData<string> Requests()
    {
        var data = new TheoryData<string>();
        foreach (var recording in SharedData.Recordings("openai-chat"))
        {
            if (recording.Request() is { } body && IsWhole(body))
            {
                data.Add(recording.Folder);
            }
        }

        if (!SharedData.Exists)
        {
            data.Add("missing");
        }

        return data;
    }

    public static TheoryData<string> Captures()
    {
        var data = new TheoryData<string>();
        foreach (var path in SharedData.Captures("openclaw").Concat(SharedData.Captures("sdks")).Where(p => p.EndsWith("-chat.json", StringComparison.Ordinal)))
        {
            data.Add(path);
        }

        if (!SharedData.Exists)
        {
            data.Add("missing");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Request_ReadAndWritten_IsLegalAndKeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        RoundTrip(recording.Request()!, ChatTestKit.DialectOf(recording));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Capture_ReadAndWritten_IsLegalAndKeepsItsMeaning(string path)
    {
        SkipWithoutData();
        using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
        var body = capture.RootElement.GetProperty("body");
        var bytes = body.ValueKind == JsonValueKind.String ? System.Text.Encoding.UTF8.GetBytes(body.GetString()!) : System.Text.Encoding.UTF8.GetBytes(body.GetRawText());
        RoundTrip(bytes, ChatDialect.Generic);
    }

    private static void RoundTrip(byte[] body, ChatDialect dialect)
    {
        using var before = JsonDocument.Parse(body);
        var wrongBefore = ChatRequestRules.Violations(body);
        var read = OpenAIChatFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        var target = new UpstreamTarget(read.Value!.Model, dialect, ModelTraits.Unknown);
        var output = new ArrayBufferWriter<byte>();
        var degradations = new DegradationLog();
        Assert.Null(OpenAIChatFormat.Instance.WriteRequest(read.Value, target, degradations, output));
        var violations = ChatRequestRules.Violations(output.WrittenSpan);
        Assert.Empty(violations.Except(wrongBefore));

        using var after = JsonDocument.Parse(output.WrittenMemory);
        Assert.Equal(Texts(before.RootElement), Texts(after.RootElement));
        Assert.Equal(Calls(before.RootElement), Calls(after.RootElement));
        Assert.Equal(ToolNames(before.RootElement), ToolNames(after.RootElement));
        var again = new ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteRequest(OpenAIChatFormat.Instance.ReadRequest(body).Value!, target, new DegradationLog(), again);
        Assert.True(output.WrittenSpan.SequenceEqual(again.WrittenSpan));
    }

    private static bool IsWhole(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.TryGetProperty("messages", out var messages) && messages.GetArrayLength() > 0 && document.RootElement.TryGetProperty("model", out _);
    }

    private static string Texts(JsonElement request) => string.Concat(request.GetProperty("messages").EnumerateArray().Select(m =>
        !m.TryGetProperty("content", out var c) ? ""
        : c.ValueKind == JsonValueKind.String ? c.GetString()
        : c.ValueKind == JsonValueKind.Array ? string.Concat(c.EnumerateArray().Select(p => p.GetProperty("type").GetString() == "text" ? p.GetProperty("text").GetString() : ""))
        : "")).Replace("OK", "", StringComparison.Ordinal).Replace("[The output is not text; it follows in the next user message.]", "", StringComparison.Ordinal).Split("[Output of tool call ")[0];

    private static List<string> Calls(JsonElement request) =>
        [.. request.GetProperty("messages").EnumerateArray()
            .Where(m => m.GetProperty("role").GetString() == "assistant" && m.TryGetProperty("tool_calls", out var c) && c.ValueKind == JsonValueKind.Array)
            .SelectMany(m => m.GetProperty("tool_calls").EnumerateArray())
            .Select(c => c.TryGetProperty("function", out var f)
                ? f.GetProperty("name").GetString() + ChatTestKit.Canonical(f.GetProperty("arguments").GetString()!)
                : c.GetProperty("custom").GetProperty("input").GetString()!)];

    private static List<string?> ToolNames(JsonElement request) =>
        [.. ((request.TryGetProperty("tools", out var t) || request.TryGetProperty("functions", out t)) && t.ValueKind == JsonValueKind.Array ? t.EnumerateArray() : default)
            .Select(x => x.TryGetProperty("function", out var f) ? f.GetProperty("name").GetString() : x.TryGetProperty("name", out var n) ? n.GetString() : x.GetProperty("type").GetString())];

    private static void SkipWithoutData()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }
    }
}
