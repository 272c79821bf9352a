using Microsoft.AspNetCore.Http;
using Sluice.Core.Configuration;
using Sluice.Server.KeptAnswers;

namespace Sluice.Server.Tests.KeptAnswers;

/// <summary>What a request wants of kept answers, and how much is kept.</summary>
public sealed class AnswerCacheTests
{
    [Theory]
    [InlineData(null, null, false)]
    [InlineData(null, "true", true)]
    [InlineData(null, "TRUE", true)]
    [InlineData(null, "yes", false)]
    [InlineData(true, null, true)]
    [InlineData(true, "false", false)]
    [InlineData(false, "true", false)]
    public void Wish_HeaderAgainstConfiguration(bool? configured, string? header, bool wanted)
    {
        var headers = new HeaderDictionary();
        if (header is not null)
        {
            headers["X-OpenRouter-Cache"] = header;
        }

        Assert.Equal(wanted, CacheWish.Of(headers, new CacheSettings { Enabled = configured }) is not null);
    }

    [Theory]
    [InlineData("60", 60)]
    [InlineData("60abc", 60)]
    [InlineData("1.5", 1)]
    [InlineData("0", 1)]
    [InlineData("86401", 86_400)]
    [InlineData("99999999999999", 86_400)]
    [InlineData("abc", 300)]
    [InlineData("-5", 300)]
    [InlineData("", 300)]
    public void Wish_TimeToLive_LeadingDigitsWithinLimits(string header, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), CacheWish.Of(new HeaderDictionary { ["X-OpenRouter-Cache-TTL"] = header }, new CacheSettings { Enabled = true })!.Value.Ttl);

    [Fact]
    public void Full_LongestUnusedGoesFirst()
    {
        // Each takes 1,000 bytes and 1,024 around them; sixteen of them are 32,384.
        var cache = new AnswerCache();
        cache.Reload(Snapshot(new CacheSettings { MaxSize = 33_000 }));
        var keys = Enumerable.Range(0, 17).Select(i => default(AnswerKey) with { KeyId = $"key-{i}" }).ToList();
        foreach (var key in keys[..16])
        {
            cache.Keep(key, Answer(1_000));
        }

        Assert.NotNull(cache.Find(keys[0]));
        cache.Keep(keys[16], Answer(1_000));

        Assert.NotNull(cache.Find(keys[0]));
        Assert.Null(cache.Find(keys[1]));
        Assert.NotNull(cache.Find(keys[16]));
        Assert.Equal(16 * 2_024, cache.Size);

        cache.Keep(keys[16], Answer(5_000));
        Assert.Null(cache.Find(keys[16]));
        cache.Reload(Snapshot(new CacheSettings { Enabled = false }));
        Assert.Equal(0, cache.Size);
    }

    private static KeptAnswer Answer(int bytes) => new("gen-1", new byte[bytes], DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(5)) { Model = "m", Provider = "p", ContentType = "application/json" };

    private static ConfigSnapshot Snapshot(CacheSettings cache) =>
        ConfigLoader.Load(new ConfigSources { BaseDirectory = "/", FileText = "providers: [{ name: a, kind: simulator }]", FilePath = "sluice.yaml", DataFolder = "/data", ReadFile = _ => null! }).Snapshot! with { Cache = cache };
}
