using System.Globalization;
using System.Text.Json;
using Sluice.Core.Catalogue;
using Sluice.Core.Pricing;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Catalogue;

public sealed class BuiltInCatalogueTests
{
    private static readonly CatalogueFile BuiltIn = CatalogueFile.BuiltIn;

    [Fact]
    public void BuiltIn_HasEveryAuthorThatPeopleAskFor()
    {
        var authors = BuiltIn.Models.Select(model => model.Author).ToHashSet(StringComparer.Ordinal);

        string[] expected =
        [
            "anthropic", "openai", "google", "deepseek", "qwen", "meta-llama", "mistralai", "moonshotai", "x-ai", "z-ai", "minimax", "cohere",
            "amazon", "nvidia", "perplexity", "microsoft",
        ];
        Assert.Superset(expected.ToHashSet(StringComparer.Ordinal), authors);
        Assert.InRange(BuiltIn.Models.Count, 150, 2_000);
    }

    [Fact]
    public void BuiltIn_IsSortedAndEveryEntryIsSane()
    {
        Assert.Equal(BuiltIn.Models.Select(model => model.Id).Order(StringComparer.Ordinal), BuiltIn.Models.Select(model => model.Id));
        Assert.All(BuiltIn.Models, model =>
        {
            Assert.Matches("^[a-z0-9-]+/[a-z0-9.:_-]+$", model.Id);
            Assert.NotEmpty(model.At);
            if (model.Makes is not null && !model.Makes.Contains("text"))
            {
                return;
            }

            Assert.All(model.At.Values.Select(host => host.Price).Append(model.Price).OfType<CataloguePrice>(), price =>
            {
                Assert.NotNull(price.Input);
                Assert.NotNull(price.Output);
                Assert.InRange(price.Input!.Value, 0m, 1_000m);
                Assert.InRange(price.Output!.Value, 0m, 1_000m);
                // Prices per token where prices per million belong would be far below this.
                Assert.True(price.Input is 0 or > 0.001m, model.Id);
                Assert.True(price.CacheRead is null || price.CacheRead <= price.Input, model.Id);
            });
        });
    }

    // Rates as the vendor's price list has them, one charge by its own unit.
    [Theory]
    [InlineData("openai/dall-e-3", 1, "1024x1024", null, 40_000_000)]
    [InlineData("openai/dall-e-3", 2, "1792x1024", "standard", 160_000_000)]
    [InlineData("openai/dall-e-3", 1, "1024x1792", "hd", 120_000_000)]
    [InlineData("openai/dall-e-2", 1, "256x256", null, 16_000_000)]
    public void BuiltIn_Images_CostByTheirSize(string id, int count, string size, string? quality, long nano) =>
        Assert.Equal(nano, Priced(id, new MediaUsage { Images = count, Size = size, Quality = quality }));

    [Theory]
    [InlineData("openai/tts-1", 1_000, null, null, null, 15_000_000)]
    [InlineData("openai/tts-1-hd", 1_000, null, null, null, 30_000_000)]
    [InlineData("openai/gpt-4o-mini-tts", 1_000, 60_000, null, null, 15_000_000)]
    [InlineData("openai/whisper-1", null, 60_000, null, null, 6_000_000)]
    [InlineData("openai/sora-2", null, null, 8_000, "1280x720", 800_000_000)]
    [InlineData("openai/sora-2-pro", null, null, 8_000, "1280x720", 2_400_000_000)]
    [InlineData("openai/sora-2-pro", null, null, 8_000, "1792x1024", 4_000_000_000)]
    public void BuiltIn_SoundAndVideo_CostByTheirLength(string id, int? characters, int? sound, int? video, string? size, long nano) =>
        Assert.Equal(nano, Priced(id, new MediaUsage { Characters = characters, AudioMilliseconds = sound, VideoMilliseconds = video, Size = size }));

    [Fact]
    public void BuiltIn_WhatWritesNoText_SaysWhatItMakesAndCanBePriced()
    {
        var others = BuiltIn.Models.Where(model => model.Makes is not null && !model.Makes.Contains("text")).ToList();

        Assert.Equal(15, others.Count);
        Assert.All(others, model =>
        {
            Assert.Single(ProductWords.Parse(model.Makes!).ToString().Split(','));
            Assert.NotNull(model.Price);
            Assert.True(model.Price.ToSheet("x").Media is not null || model.Price is { Input: > 0, Output: > 0 }, model.Id);
        });
    }

    private static long Priced(string id, MediaUsage usage)
    {
        var price = BuiltIn.Models.Single(model => model.Id == id).Price!.ToSheet("x");
        var cost = Pricer.Price(price, new TokenUsage { Media = usage }, new DateTimeOffset(2026, 8, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.False(cost.IsUnpriced);
        return cost.NanoUsd;
    }

    [Fact]
    public void F28_BuiltIn_PaidModel_NeverCostsNothing()
    {
        // Only what says free may be free.
        var forNothing = BuiltIn.Models.Where(model => model.At.Values.Select(host => host.Price ?? model.Price).Any(price => price is { Input: 0, Output: 0 }));

        Assert.All(forNothing, model => Assert.True(IsKnownToBeFree(model.Id), model.Id));
    }

    [Theory]
    [InlineData("anthropic/claude-sonnet-4.6", 1_000_000, true, true)]
    [InlineData("anthropic/claude-opus-4.7", 1_000_000, true, false)]
    [InlineData("anthropic/claude-haiku-4.5", 200_000, null, true)]
    public void BuiltIn_ClaudeTraits_SayHowItThinks(string id, long context, bool? adaptive, bool sampling)
    {
        var traits = BuiltIn.Models.Single(model => model.Id == id).ToModel("x").Traits;

        Assert.Equal((context, adaptive, sampling, true, true, true), (traits.ContextLength, traits.AdaptiveThinking, traits.Sampling, traits.Images, traits.Tools, traits.Reasoning));
    }

    [Fact]
    public void BuiltIn_LongContextAndChanges_AreInThePrices()
    {
        var tier = Assert.Single(Price("anthropic/claude-sonnet-4.5").Tiers!);
        Assert.Equal((200_000L, 6m, 22.5m, 0.6m, 7.5m, 12m), (tier.Above, tier.Rates.Input, tier.Rates.Output, tier.Rates.CacheRead, tier.Rates.CacheWrite5m, tier.Rates.CacheWrite1h));
        Assert.Equal(272_000, Assert.Single(Price("openai/gpt-5.4").Tiers!).Above);
        var change = Assert.Single(Price("anthropic/claude-sonnet-5").Changes!);
        Assert.Equal((new DateOnly(2026, 9, 1), 3m, 15m), (change.From, change.Rates.Input, change.Rates.Output));
        Assert.Equal((0.5m, 2m), (Price("openai/gpt-5.4").Flex, Price("openai/gpt-5.4").Priority));
        Assert.Equal((40m, 80m), (Price("openai/gpt-4o-audio-preview").AudioInput, Price("openai/gpt-4o-audio-preview").AudioOutput));
    }

    [Fact]
    public void BuiltIn_ClaudePrices_FollowTheAuthorsMultipliers()
    {
        Assert.All(BuiltIn.Models.Where(model => model.Author == "anthropic"), model =>
        {
            var price = model.Price!;
            Assert.InRange(price.CacheRead!.Value / price.Input!.Value, 0.09m, 0.125m);
            Assert.InRange(price.CacheWrite5m!.Value / price.Input.Value, 1.2m, 1.25m);
            Assert.Equal(2m, price.CacheWrite1h!.Value / price.Input.Value);
        });
    }

    [Fact]
    public void BuiltIn_OpenRouterPrices_AreTheListsOwn()
    {
        var path = SharedData.PathOf("prices", "openrouter.models.2026-08-01.json");
        if (!File.Exists(path))
        {
            Assert.Skip("The price lists are not beside this checkout (../shared/data/prices); only the figures written down in these tests were compared.");
        }

        using var list = JsonDocument.Parse(File.ReadAllBytes(path));
        var compared = 0;
        foreach (var item in list.RootElement.GetProperty("data").EnumerateArray())
        {
            var id = item.GetProperty("id").GetString()!;
            var pricing = item.GetProperty("pricing");
            var (input, output) = (PerMillion(pricing, "prompt"), PerMillion(pricing, "completion"));
            if (id.StartsWith('~') || input < 0 || (input == 0 && output == 0))
            {
                continue;
            }

            var entry = BuiltIn.Models.Single(model => model.Id == id);
            var price = entry.At["openrouter"].Price ?? entry.Price!;
            Assert.Equal((id, input, output), (id, price.Input!.Value, price.Output!.Value));
            compared++;
        }

        Assert.InRange(compared, 250, 400);
    }

    // The list has a few binary floats ("0.0000006000000000000001").
    private static decimal PerMillion(JsonElement pricing, string name) =>
        Math.Round(decimal.Parse(pricing.GetProperty(name).GetString()!, CultureInfo.InvariantCulture) * 1_000_000m, 9);

    private static CataloguePrice Price(string id) => BuiltIn.Models.Single(model => model.Id == id).Price!;

    private static bool IsKnownToBeFree(string id) => id.EndsWith(":free", StringComparison.Ordinal) || id is "openrouter/free" or "z-ai/glm-4.5-flash" or "z-ai/glm-4.7-flash";
}
