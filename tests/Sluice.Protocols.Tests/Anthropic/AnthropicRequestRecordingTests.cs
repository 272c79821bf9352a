using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>Every recorded Messages request and every Messages capture of a real client: read, written again, checked by independent rules.</summary>
public sealed class AnthropicRequestRecordingTests
{
    public static TheoryData<string> Requests()
    {
        var data = new TheoryData<string>();
        foreach (var recording in SharedData.Recordings("anthropic-messages").Where(r => r.Request() is { } body && IsWhole(body)))
        {
            data.Add(recording.Folder);
        }

        return OrMissing(data);
    }

    public static TheoryData<string> Captures()
    {
        var data = new TheoryData<string>();
        foreach (var path in new[] { "claude-code", "claude-interactive", "openclaw", "sdks" }.SelectMany(SharedData.Captures).Where(p => p.EndsWith("-anthropic.json", StringComparison.Ordinal)))
        {
            data.Add(path);
        }

        return OrMissing(data);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Request_ReadAndWritten_IsLegalAndKeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        RoundTrip(new Recording(folder).Request()!);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Capture_ReadAndWritten_IsLegalAndKeepsItsMeaning(string path)
    {
        SkipWithoutData();
        using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
        var body = capture.RootElement.GetProperty("body");
        RoundTrip(Encoding.UTF8.GetBytes(body.ValueKind == JsonValueKind.String ? body.GetString()! : body.GetRawText()));
    }

    private static void RoundTrip(byte[] body)
    {
        using var before = JsonDocument.Parse(body);
        var read = AnthropicFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        var target = new UpstreamTarget(read.Value!.Model, ChatDialect.Generic, ModelTraits.Unknown);
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(AnthropicFormat.Instance.WriteRequest(read.Value, target, new DegradationLog(), output));
        Assert.Empty(AnthropicRequestRules.Violations(output.WrittenSpan).Except(AnthropicRequestRules.Violations(body)));

        using var after = JsonDocument.Parse(output.WrittenMemory);
        Assert.Equal(Names(before.RootElement), Names(after.RootElement));
        Assert.Equal(Calls(before.RootElement), Calls(after.RootElement));
        Assert.Equal(AnthropicRequestRules.CacheMarks(before.RootElement), AnthropicRequestRules.CacheMarks(after.RootElement));
        var again = new ArrayBufferWriter<byte>();
        AnthropicFormat.Instance.WriteRequest(AnthropicFormat.Instance.ReadRequest(body).Value!, target, new DegradationLog(), again);
        Assert.True(output.WrittenSpan.SequenceEqual(again.WrittenSpan));
    }

    private static List<string?> Names(JsonElement request) =>
        [.. request.TryGetProperty("tools", out var tools) ? tools.EnumerateArray().Select(t => t.TryGetProperty("name", out var n) ? n.GetString() : t.GetProperty("type").GetString()) : []];

    private static List<string> Calls(JsonElement request) =>
        [.. request.GetProperty("messages").EnumerateArray()
            .Select(m => m.GetProperty("content")).Where(c => c.ValueKind == JsonValueKind.Array).SelectMany(c => c.EnumerateArray())
            .Where(b => b.GetProperty("type").GetString() == "tool_use")
            .Select(b => b.GetProperty("name").GetString() + JsonSerializer.Serialize(b.GetProperty("input")))];

    private static bool IsWhole(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("messages", out var messages)
            && messages.GetArrayLength() > 0 && document.RootElement.TryGetProperty("model", out _);
    }

    private static TheoryData<string> OrMissing(TheoryData<string> data)
    {
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
