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
}
