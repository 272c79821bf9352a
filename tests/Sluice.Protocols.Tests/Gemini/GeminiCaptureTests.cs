using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>What real agents sent: Gemini's to every kind of upstream, and everybody's to Gemini.</summary>
public sealed class GeminiCaptureTests
{
    private static readonly (string Model, decimal Version)[] Targets = [("gemini-1.5-pro", 1.5m), ("gemini-2.5-flash", 2.5m), ("google/gemini-3.1-pro-preview", 3.1m)];

    public static TheoryData<string> GeminiCaptures() => Rows(path => path.Contains("-gemini", StringComparison.Ordinal) && !path.EndsWith("-count.json", StringComparison.Ordinal));

    public static TheoryData<string> AllCaptures() => Rows(path => !path.EndsWith("-count.json", StringComparison.Ordinal) && ProtocolOf(path) is not null);

    [Theory]
    [MemberData(nameof(GeminiCaptures))]
    public void Capture_IsUnderstood(string path)
    {
        GeminiTestKit.SkipWithoutData();
        var body = BodyOf(path);
        var sent = GeminiTestKit.Parse(body);
        var read = GeminiFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        var request = read.Value!;
        Assert.Equal("", request.Model);
        Assert.Empty(request.Extras);
        Assert.Equal(Declarations(sent).Select(d => d.GetProperty("name").GetString()), request.Tools.Select(t => t.Name));
        Assert.Equal(Declarations(sent).Select(d => d.TryGetProperty("parametersJsonSchema", out var s) ? s.GetRawText() : null), request.Tools.Cast<FunctionTool>().Select(t => t.Schema.IsEmpty ? null : t.Schema.ToString()).Select((s, i) => Declarations(sent)[i].TryGetProperty("parametersJsonSchema", out _) ? s : null));
        var config = sent.TryGetProperty("generationConfig", out var c) ? c : default;
        Assert.Equal(config.ValueKind == JsonValueKind.Object && config.TryGetProperty("temperature", out var t) ? t.GetDouble() : null, request.Sampling.Temperature);

        var scan = EnvelopeScanner.Scan(WireProtocol.Gemini, body);
        Assert.Null(scan.Error);
        Assert.Equal(sent.GetProperty("contents").GetArrayLength(), scan.Envelope!.MessageCount);
        Assert.Equal(config.ValueKind == JsonValueKind.Object && config.TryGetProperty("thinkingConfig", out _), scan.Envelope.WantsThinking);
        Assert.Equal(config.ValueKind == JsonValueKind.Object && config.TryGetProperty("maxOutputTokens", out var most) ? most.GetInt64() : null, scan.Envelope.MaxOutputTokens);
    }

    [Theory]
    [MemberData(nameof(GeminiCaptures))]
    public void Capture_ForOtherVendors_IsLegal(string path)
    {
        GeminiTestKit.SkipWithoutData();
        var request = GeminiFormat.Instance.ReadRequest(BodyOf(path)).Value! with { Model = "x", Stream = true };
        var claude = new ArrayBufferWriter<byte>();
        Assert.Null(AnthropicFormat.Instance.WriteRequest(request, new UpstreamTarget("claude-sonnet-4-6", ChatDialect.Generic, ModelTraits.Unknown), new DegradationLog(), claude));
        Assert.Empty(AnthropicRequestRules.Violations(claude.WrittenSpan));
        var chat = new ArrayBufferWriter<byte>();
        Assert.Null(OpenAIChatFormat.Instance.WriteRequest(request, new UpstreamTarget("gpt-5.2", ChatDialect.OpenAI, ModelTraits.Unknown), new DegradationLog(), chat));
        Assert.Empty(ChatRequestRules.Violations(chat.WrittenSpan));
    }

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public void F11_AnyAgentsRequest_ForGemini_IsLegalAndTheSameEachTime(string path)
    {
        GeminiTestKit.SkipWithoutData();
        var body = BodyOf(path);
        var format = WireFormats.Client(ProtocolOf(path)!.Value);
        var read = format.ReadRequest(body);
        Assert.Null(read.Error);
        foreach (var (model, version) in Targets)
        {
            var first = Write(read.Value!, model);
            Assert.Empty(GeminiRequestRules.Violations(GeminiTestKit.Parse(first), version));
            Assert.True(first.AsSpan().SequenceEqual(Write(format.ReadRequest(body).Value!, model)));
        }
    }

    private static byte[] Write(ConversationRequest request, string model)
    {
        var log = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(GeminiFormat.Instance.WriteRequest(ToolFolding.Fold(request, WireProtocol.Gemini, log), new UpstreamTarget(model, ChatDialect.Generic, ModelTraits.Unknown), log, output));
        return output.WrittenSpan.ToArray();
    }

    private static List<JsonElement> Declarations(JsonElement request) =>
        request.TryGetProperty("tools", out var tools) ? [.. tools.EnumerateArray().SelectMany(t => t.GetProperty("functionDeclarations").EnumerateArray())] : [];

    private static WireProtocol? ProtocolOf(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return name switch
        {
            _ when name.EndsWith("-anthropic", StringComparison.Ordinal) => WireProtocol.AnthropicMessages,
            _ when name.EndsWith("-chat", StringComparison.Ordinal) => WireProtocol.OpenAIChat,
            _ when name.EndsWith("-responses", StringComparison.Ordinal) => WireProtocol.OpenAIResponses,
            _ when name.EndsWith("-gemini", StringComparison.Ordinal) || name.EndsWith("-gemini-stream", StringComparison.Ordinal) => WireProtocol.Gemini,
            _ => null,
        };
    }

    private static byte[] BodyOf(string path)
    {
        using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
        return Encoding.UTF8.GetBytes(capture.RootElement.GetProperty("body").GetRawText());
    }

    private static TheoryData<string> Rows(Func<string, bool> wanted)
    {
        var data = new TheoryData<string>();
        foreach (var path in new[] { "claude-code", "claude-interactive", "codex", "gemini-cli", "openclaw", "sdks" }.SelectMany(SharedData.Captures).Where(wanted))
        {
            data.Add(path);
        }

        if (!SharedData.Exists)
        {
            data.Add("missing");
        }

        return data;
    }
}
