using System.Text;
using System.Text.Json;
using Sluice.Protocols.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class TokenEstimateTests
{
    private static long Estimate(string body) => EnvelopeScanner.Scan(WireProtocol.AnthropicMessages, Encoding.UTF8.GetBytes(body)).Envelope!.EstimatedInputTokens;

    [Fact]
    public void Image_InBase64_CountsAsAnImageNotAsText()
    {
        var picture = Convert.ToBase64String(new byte[300_000]);
        var tokens = Estimate($$$"""{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{picture}}}"}}]}]}""");
        Assert.InRange(tokens, 1600, 1700);
    }

    [Fact]
    public void DataUrl_CountsAsAnImageNotAsText()
    {
        var picture = Convert.ToBase64String(new byte[300_000]);
        var tokens = Estimate($$$"""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,{{{picture}}}"}}]}]}""");
        Assert.InRange(tokens, 1600, 1700);
    }

    [Fact]
    public void TextDocument_CountsAsText()
    {
        var text = string.Concat(Enumerable.Repeat("The quick brown fox. ", 1000));
        var plain = Estimate($$$"""{"messages":[{"role":"user","content":[{"type":"x","source":{"data":"{{{text}}}"}}]}]}""");
        Assert.InRange(plain, 21_000 / 5, 21_000 / 3);
    }

    [Fact]
    public void Signature_CountsAsNothing()
    {
        var signature = Convert.ToBase64String(new byte[30_000]);
        Assert.InRange(Estimate($$$"""{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"{{{signature}}}"}]}]}"""), 1, 50);
    }

    // 1,092 × 840 pixels are 917,280 / 750 = 1,223.04 tokens, as the vendor's page says of its formula.
    [Theory]
    [InlineData(1092, 840, 1224)]
    [InlineData(200, 200, 54)]
    [InlineData(60, 30, 3)]
    [InlineData(8000, 8000, 1600)]
    public void F21_Image_CountsByItsPixels(int width, int height, int tokens)
    {
        var image = Image(Png(width, height));
        var without = Estimate("""{"messages":[{"role":"user","content":[]}]}""");
        Assert.InRange(Estimate($$"""{"messages":[{"role":"user","content":[{{image}}]}]}""") - without, tokens, tokens + 20);
    }

    [Fact]
    public void F21_ImageInsideAToolResult_CountsByItsPixels()
    {
        var inside = $$$"""{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"Here it is."},{{{Image(Png(1092, 840))}}}]}""";
        Assert.InRange(Estimate($$"""{"messages":[{"role":"user","content":[{{inside}}]}]}"""), 1224, 1224 + 60);
    }

    [Fact]
    public void F21_Pdf_CountsByPagesAndATextDocumentByItsTextAndTheRulesOnCitingIt()
    {
        var pdf = Convert.ToBase64String([.. "%PDF-1.7\n"u8, .. new byte[89_991]]);
        var tokens = Estimate($$$"""{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"{{{pdf}}}"}}]}]}""");

        // 120 KB of base64 are two pages of 2,000.
        Assert.InRange(tokens, 4000, 4060);
        var text = Estimate("""{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"The grass is green and the sky is blue."},"citations":{"enabled":true}}]}]}""");
        Assert.InRange(text, 610, 660);
    }

    [Fact]
    public void F21_Thinking_CountsAsTextAndItsSignatureNot()
    {
        var thought = string.Concat(Enumerable.Repeat("Let me think about it. ", 400));
        var signature = Convert.ToBase64String(new byte[3_000]);
        var tokens = Estimate($$$"""{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"{{{thought}}}","signature":"{{{signature}}}"}]}]}""");

        // 400 times six words and a stop: 2,800 tokens at the most, 2,400 at the least.
        Assert.InRange(tokens, 2_300, 2_900);
    }

    [Fact]
    public void F21_OneHundredAndTenTools_CountWithTheirSchemas()
    {
        var tool = """{"name":"look_at_file","description":"Looks at one file and says what is in it.","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"Where it is."},"lines":{"type":"integer"}},"required":["path"]}}""";
        var tools = string.Join(',', Enumerable.Range(0, 110).Select(i => tool.Replace("look_at_file", "look_at_file_" + i, StringComparison.Ordinal)));
        var tokens = Estimate($$"""{"tools":[{{tools}}],"messages":[{"role":"user","content":"hello"}]}""");

        // Some 230 bytes each: no vocabulary puts more than 5 of them in one token, or fewer than 3.
        Assert.InRange(tokens, 110 * 230 / 5, 110 * 230 / 3);
    }

    [Fact]
    public void F21_OneMegabyte_IsEstimatedWithinFiftyMilliseconds()
    {
        var picture = Image(Png(1092, 840), 300_000);
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{"role":"user","content":[{{picture}},{"type":"text","text":"{{string.Concat(Enumerable.Repeat("words and\\n \\\"more\\\" ", 32_000))}}"}]}]}""");
        Assert.True(body.Length > 1_000_000);
        var times = new List<TimeSpan>();
        for (var i = 0; i < 21; i++)
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            Assert.NotNull(EnvelopeScanner.Scan(WireProtocol.AnthropicMessages, body).Envelope);
            times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(started));
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"median {times[10].TotalMilliseconds:0.00} ms, slowest {times[^1].TotalMilliseconds:0.00} ms");
        Assert.True(times[10] < TimeSpan.FromMilliseconds(50), times[10].ToString());
    }

    [Fact]
    public void RecordedBodies_OfSomeLength_AreEstimatedUpwards()
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var ratios = new List<double>();
        foreach (var (protocol, api) in new[] { (WireProtocol.AnthropicMessages, "anthropic-messages"), (WireProtocol.OpenAIChat, "openai-chat") })
        {
            foreach (var recording in SharedData.Recordings(api))
            {
                var meta = recording.Meta();
                var features = meta.GetProperty("features").EnumerateArray().Select(f => f.GetString()).ToHashSet();
                if (recording.Request() is not { Length: > 5000 } body || !meta.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object
                    || features.Overlaps(["images", "documents", "audio", "web_search", "web_fetch", "code_execution", "mcp", "thinking_replay"]))
                {
                    continue;
                }

                long Count(string name) => usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;
                var counted = Count("input_tokens") + Count("cache_creation_input_tokens") + Count("cache_read_input_tokens") + Count("prompt_tokens");
                if (counted > 1100)
                {
                    ratios.Add((double)EnvelopeScanner.Scan(protocol, body).Envelope!.EstimatedInputTokens / counted);
                }
            }
        }

        Assert.True(ratios.Count >= 8, $"Only {ratios.Count} recordings.");
        ratios.Sort();
        Assert.InRange(ratios[ratios.Count / 2], 1.0, 1.25);
        Assert.All(ratios, r => Assert.InRange(r, 0.9, 1.6));
    }

    // What no body shows: prompts of the vendor's server tools, what stands behind a link or a file's id, and what such tools fetched.
    private static readonly string[] Invisible =
        ["web_search", "web_fetch", "code_execution", "advisor", "mcp", "memory_", "tool_search", "search_result", "text_editor", "bash_", "\"url\"", "file_id"];

    [Fact]
    public void F21_RecordedCountsOfClaude_AreSeldomUndershot()
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var ratios = new List<double>();
        foreach (var (protocol, api) in new[] { (WireProtocol.AnthropicMessages, "anthropic-messages"), (WireProtocol.OpenAIChat, "openai-chat"), (WireProtocol.AnthropicMessages, "anthropic-count-tokens") })
        {
            foreach (var recording in SharedData.Recordings(api))
            {
                if (recording.Request() is not { } body || EnvelopeScanner.Scan(protocol, body).Envelope is not { Model: { } model } envelope
                    || !model.Contains("claude", StringComparison.Ordinal) || Array.Exists(Invisible, word => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) >= 0))
                {
                    continue;
                }

                var counted = Counted(recording, api);
                if (counted >= 300)
                {
                    ratios.Add((double)envelope.EstimatedInputTokens / counted);
                }
            }
        }

        ratios.Sort();
        var low = ratios.Count(r => r < 0.98);
        var within = ratios.Count(r => r is >= 0.98 and <= 1.15);
        TestContext.Current.TestOutputHelper?.WriteLine($"{ratios.Count} recordings: from {ratios[0]:0.00} over {ratios[ratios.Count / 2]:0.00} to {ratios[^1]:0.00}; {low} too low, {within} within 15 %");

        // Reached: half of them within 15 %, one in ten too low and none by more than 15 %. The rest is too high: older Claudes put half as much
        // before tools as newer ones, and prose has fewer tokens than code. A vocabulary for each model would be needed for more.
        Assert.True(ratios.Count >= 40, $"Only {ratios.Count} recordings.");
        Assert.InRange(ratios[0], 0.85, 1.0);
        Assert.InRange(ratios[ratios.Count / 2], 1.0, 1.15);
        Assert.True(low <= ratios.Count / 8, $"{low} of {ratios.Count} are too low.");
        Assert.True(within >= ratios.Count / 3, $"{within} of {ratios.Count} are within 15 %.");
    }

    private static long Counted(Recording recording, string api)
    {
        JsonElement usage = default;
        if (api == "anthropic-count-tokens")
        {
            using var said = JsonDocument.Parse(recording.Response() ?? "{}"u8.ToArray());
            usage = said.RootElement.Clone();
        }
        else if (!recording.Meta().TryGetProperty("usage", out usage))
        {
            return 0;
        }

        long Count(string name) => usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;
        return Count("input_tokens") + Count("cache_creation_input_tokens") + Count("cache_read_input_tokens") + Count("prompt_tokens");
    }

    private static string Image(byte[] file, int length = 3_000) =>
        $$$"""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{Convert.ToBase64String([.. file, .. new byte[length - file.Length]])}}}"}}""";

    // A PNG's first 33 bytes; nothing behind them is looked at.
    private static byte[] Png(int width, int height) =>
    [
        0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, 0, 0, 0, 13, .. "IHDR"u8,
        (byte)(width >> 24), (byte)(width >> 16), (byte)(width >> 8), (byte)width, (byte)(height >> 24), (byte)(height >> 16), (byte)(height >> 8), (byte)height, 8, 6, 0, 0, 0,
    ];
}
