using Sluice.Core.Faults;
using Xunit;

namespace Sluice.Core.Tests.Faults;

public sealed class RetryHintTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Headers as "name: value" separated by "|"; seconds expected, -1 for none.
    [Theory]
    [InlineData("retry-after: 7", 7)]
    [InlineData("Retry-After: 7.5", 7.5)]
    [InlineData("retry-after: 0", 0)]
    [InlineData("retry-after: Thu, 01 Jan 2026 12:00:30 GMT", 30)]
    [InlineData("retry-after: Thu, 01 Jan 2026 11:59:00 GMT", 0)]
    [InlineData("retry-after: 1000000000", 1e9)]
    [InlineData("retry-after: 1e18", -1)]
    [InlineData("retry-after: 99999999999999999999", 3_153_600_000)]
    [InlineData("retry-after: -5", -1)]
    [InlineData("retry-after: soon", -1)]
    [InlineData("retry-after: NaN", -1)]
    [InlineData("retry-after-ms: 1500|retry-after: 2", 1.5)]
    [InlineData("anthropic-ratelimit-requests-remaining: 0|anthropic-ratelimit-requests-reset: 2026-01-01T12:00:20Z", 20)]
    [InlineData("anthropic-ratelimit-requests-remaining: 1|anthropic-ratelimit-requests-reset: 2026-01-01T12:00:20Z", -1)]
    [InlineData("anthropic-ratelimit-requests-reset: 2026-01-01T12:00:20Z", -1)]
    [InlineData("anthropic-ratelimit-tokens-remaining: 0|anthropic-ratelimit-tokens-reset: 2026-01-01T12:00:20Z|anthropic-ratelimit-input-tokens-remaining: 0|anthropic-ratelimit-input-tokens-reset: 2026-01-01T12:00:40Z", 40)]
    [InlineData("anthropic-ratelimit-tokens-remaining: 0|anthropic-ratelimit-tokens-reset: 2026-01-01T12:00:20Z|retry-after: 3", 3)]
    [InlineData("x-ratelimit-remaining-requests: 0|x-ratelimit-reset-requests: 6m0s", 360)]
    [InlineData("x-ratelimit-remaining-tokens: 0|x-ratelimit-reset-tokens: 17ms", 0.017)]
    [InlineData("x-ratelimit-remaining-tokens: 5|x-ratelimit-reset-tokens: 6m0s", -1)]
    [InlineData("x-ratelimit-remaining: 0|x-ratelimit-reset: 1767268815000", 15)]
    [InlineData("x-ratelimit-remaining: 0|x-ratelimit-reset: 1767268815", 15)]
    [InlineData("x-ratelimit-remaining: 0|x-ratelimit-reset: 12", 12)]
    [InlineData("x-ratelimit-limit: 10", -1)]
    public void F32_HintForms_On429_AreRead(string headers, double seconds) =>
        Assert.Equal(seconds < 0 ? null : TimeSpan.FromSeconds(seconds), RetryHint.FromHeaders(new SomeHeaders(headers), 429, Now));

    [Fact]
    public void F32_ResetHeaders_OnOtherStatuses_MeanNothing() =>
        Assert.Null(RetryHint.FromHeaders(new SomeHeaders("x-ratelimit-remaining-requests: 0|x-ratelimit-reset-requests: 6m0s"), 503, Now));

    [Fact]
    public void F32_RetryAfter_On529_IsRead() =>
        Assert.Equal(TimeSpan.FromSeconds(4), RetryHint.FromHeaders(new SomeHeaders("retry-after: 4"), 529, Now));

    [Theory]
    [InlineData("6m0s", 360)]
    [InlineData("1h2m3.5s", 3723.5)]
    [InlineData("250ms", 0.25)]
    [InlineData("2d", 172_800)]
    [InlineData("37s", 37)]
    [InlineData("3.25", 3.25)]
    [InlineData("99999999999h", 3_153_600_000)]
    [InlineData("", -1)]
    [InlineData("s", -1)]
    [InlineData("5x", -1)]
    [InlineData("1..2s", -1)]
    public void Durations_AsVendorsWriteThem_AreRead(string text, double seconds) =>
        Assert.Equal(seconds < 0 ? null : TimeSpan.FromSeconds(seconds), RetryHint.ParseDuration(text));
}

internal sealed class SomeHeaders : IHeaderLookup
{
    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    public SomeHeaders(string lines = "")
    {
        foreach (var line in lines.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            _headers[line[..colon]] = line[(colon + 2)..];
        }
    }

    public string? Find(string name) => _headers.GetValueOrDefault(name);
}
