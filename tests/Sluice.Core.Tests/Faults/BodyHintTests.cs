using System.Text;
using Sluice.Core.Faults;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;
using Xunit;

namespace Sluice.Core.Tests.Faults;

public sealed class BodyHintTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    // Headers, body, words, seconds.
    private static readonly (string Headers, string Body, string Words, double Seconds)[] Forms =
    [
        ("retry-after: 7", "", "", 7),
        ("retry-after: Thu, 01 Jan 2026 12:00:30 GMT", "", "", 30),
        ("retry-after: 1000000000", "", "", 1e9),
        ("retry-after-ms: 1500", "", "", 1.5),
        ("anthropic-ratelimit-requests-remaining: 0|anthropic-ratelimit-requests-reset: 2026-01-01T12:00:20Z", "", "", 20),
        ("anthropic-ratelimit-unified-status: rejected|anthropic-ratelimit-unified-reset: 1767268830", "", "", 30),
        ("x-ratelimit-remaining-requests: 0|x-ratelimit-reset-requests: 6m0s", "", "", 360),
        ("x-ratelimit-remaining-tokens: 0|x-ratelimit-reset-tokens: 17ms", "", "", 0.017),
        ("x-ratelimit-remaining: 0|x-ratelimit-reset: 1767268815000", "", "", 15),
        ("", """{"error":{"details":[{"retryDelay":"37s"}]}}""", "", 37),
        ("", """[{"error":{"details":[{"retryDelay":"37s"}]}}]""", "", 37),
        ("", """{"error":{"metadata":{"headers":{"X-RateLimit-Reset":"1767268815000"}}}}""", "", 15),
        ("", """{"error":{"resets_in_seconds":1555200}}""", "", 1_555_200),
        ("", "", "Please try again in 1.5s.", 1.5),
        ("", "", "Please try again in 20 seconds.", 20),
    ];

    public static TheoryData<string, string, string, double, FaultScope> FormsAndScopes
    {
        get
        {
            var data = new TheoryData<string, string, string, double, FaultScope>();
            foreach (var (headers, body, words, seconds) in Forms)
            {
                foreach (var scope in new[] { FaultScope.Model, FaultScope.Credential, FaultScope.Endpoint })
                {
                    data.Add(headers, body, words, seconds, scope);
                }
            }

            return data;
        }
    }

    public static TheoryData<string, double> Bodies => new()
    {
        // Google's RetryInfo, as an object and in the array that streams and its OpenAI surface send.
        { """{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37s"}]}}""", 37 },
        { """[{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.4s"}]}}]""", 34.4 },
        { """{"error":{"details":[{"metadata":{"quotaResetDelay":"1h2m3.5s","quotaResetTimeStamp":"2026-01-01T12:00:09Z"}}]}}""", 3723.5 },
        { """{"error":{"details":[{"metadata":{"quotaResetTimeStamp":"2026-01-01T12:00:09Z"}}]}}""", 9 },

        // OpenRouter.
        { """{"error":{"code":429,"metadata":{"retry_after_seconds":17,"retry_after_seconds_raw":16.2,"headers":{"Retry-After":"17"}}}}""", 17 },
        { """{"error":{"code":429,"metadata":{"headers":{"X-RateLimit-Limit":"50","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1767268815000"}}}}""", 15 },

        // ChatGPT's subscription limits.
        { """{"error":{"type":"usage_limit_reached","resets_at":1767268830}}""", 30 },
        { """{"error":{"type":"usage_limit_reached","resets_in_seconds":90,"resets_at":1767268830}}""", 90 },
        { """{"error":{"retry_after_ms":1500}}""", 1.5 },
        { """{"retry_after":"Thu, 01 Jan 2026 12:00:30 GMT"}""", 30 },
        { """{"error":{"retry_after":1e300}}""", -1 },
        { """{"error":{"retry_after":99999999999999999999}}""", 3_153_600_000 },
        { """{"error":{"retry_after":-4}}""", -1 },
        { """{"error":{"retry_after":null,"message":"no"}}""", -1 },
        { """{"error":{"message":"no"}}""", -1 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void F32_HintsInBodies_AreRead(string body, double seconds) =>
        Assert.Equal(Seconds(seconds), BodyHint.Of(Error(ErrorKind.RateLimit, "no", body), Now));

    [Theory]
    [InlineData("Rate limit reached for gpt-x in organization org-1. Please try again in 1.5s. Visit the page.", 1.5)]
    [InlineData("Please try again in 494ms.", 0.494)]
    [InlineData("Please try again in 6m0s.", 360)]
    [InlineData("Please try again in 1h2m3s", 3723)]
    [InlineData("Please retry in 37.255s.", 37.255)]
    [InlineData("Try again in 20 seconds.", 20)]
    [InlineData("Retry after 5 minutes", 300)]
    [InlineData("Please try again in about 2 hours.", 7200)]
    [InlineData("Limit resets in 3d", 259_200)]
    [InlineData("Please try again in 999999999999h", 3_153_600_000)]
    [InlineData("Please try again in a moment.", -1)]
    [InlineData("Please try again in 5 lives.", -1)]
    [InlineData("Please try again later (20s).", -1)]
    public void F32_HintsInWords_AreRead(string message, double seconds) =>
        Assert.Equal(Seconds(seconds), BodyHint.Of(Error(ErrorKind.RateLimit, message), Now));

    [Theory]
    [InlineData(ErrorKind.QuotaExhausted, true)]
    [InlineData(ErrorKind.Overloaded, true)]
    [InlineData(ErrorKind.UpstreamError, false)]
    [InlineData(ErrorKind.InvalidRequest, false)]
    public void F32_OnlyErrorsThatAWaitMends_HaveHints(ErrorKind kind, bool has) =>
        Assert.Equal(has, BodyHint.Of(Error(kind, "Please try again in 2s."), Now) is not null);

    [Fact]
    public void F32_HalfABody_IsNoHint() =>
        Assert.Null(BodyHint.Of(Error(ErrorKind.RateLimit, "no", """{"error":{"details":[{"retryDel"""), Now));

    [Fact]
    public void F32_Classifier_PrefersHeadersToTheReaderToTheBody()
    {
        var error = Error(ErrorKind.RateLimit, "try again in 5s") with { RetryAfter = TimeSpan.FromSeconds(7) };

        Assert.Equal(Seconds(3), FaultClassifier.FromStatus(WireProtocol.OpenAIChat, 429, error, new SomeHeaders("retry-after: 3"), Now).RetryAfter);
        Assert.Equal(Seconds(7), FaultClassifier.FromStatus(WireProtocol.OpenAIChat, 429, error, new SomeHeaders(), Now).RetryAfter);
        Assert.Equal(Seconds(5), FaultClassifier.FromStatus(WireProtocol.OpenAIChat, 429, error with { RetryAfter = null }, new SomeHeaders(), Now).RetryAfter);
        Assert.Equal(Seconds(5), FaultClassifier.FromStreamError(error with { RetryAfter = null }, FaultPhase.FirstToken, Now).RetryAfter);
    }

    [Theory]
    [InlineData("anthropic-ratelimit-unified-status: rejected|anthropic-ratelimit-unified-reset: 1767268830", 30)]
    [InlineData("anthropic-ratelimit-unified-status: rejected|anthropic-ratelimit-unified-reset: 1767268830|anthropic-ratelimit-unified-7d-status: rejected|anthropic-ratelimit-unified-7d-reset: 1767268900", 100)]
    [InlineData("anthropic-ratelimit-unified-status: allowed|anthropic-ratelimit-unified-reset: 1767268830", -1)]
    public void F32_SubscriptionWindows_AreRead(string headers, double seconds) =>
        Assert.Equal(Seconds(seconds), RetryHint.FromHeaders(new SomeHeaders(headers), 429, Now));

    /// <summary>Every form of a hint, with every reach of the error: the cooldown is the hint, at most five minutes, of exactly who is meant.</summary>
    [Theory]
    [MemberData(nameof(FormsAndScopes))]
    public void F32_EveryHintForm_WithEveryScope_CoolsWhatItSaysForAsLongAsItSays(string headers, string body, string words, double seconds, FaultScope scope)
    {
        var world = new World().Provider("a", credentials: 2).Model("x/one", ("a", 1m)).Model("y/two", ("a", 1m));
        var (now, one, two, first, second) = (world.Time.GetUtcNow(), world.Endpoint("x/one", "a"), world.Endpoint("y/two", "a"), world.Credential("a#1"), world.Credential("a#2"));
        var (kind, said) = scope switch
        {
            FaultScope.Model => (ErrorKind.RateLimit, "Too many requests for up-x-one. "),
            FaultScope.Credential => (ErrorKind.RateLimit, "The limit of your account is reached. "),
            _ => (ErrorKind.Overloaded, "Overloaded. "),
        };
        var fault = FaultClassifier.FromStatus(WireProtocol.OpenAIChat, 429, Error(kind, said + words, body), new SomeHeaders(headers), now);
        world.Health.Failed(one, first, fault);

        var until = now.AddSeconds(Math.Min(seconds, 300));
        Assert.Equal(until, world.Health.Excluded(one, first)?.Until);
        Assert.Equal(scope == FaultScope.Endpoint ? until : null, world.Health.Excluded(one, second)?.Until);
        Assert.Equal(scope == FaultScope.Credential ? until : null, world.Health.Excluded(two, first)?.Until);
        Assert.Null(world.Health.Excluded(two, second));

        // A shorter one does not shorten it, and nothing outlives it.
        world.Health.Failed(one, first, fault with { RetryAfter = TimeSpan.FromMilliseconds(1) });
        Assert.Equal(until, world.Health.Excluded(one, first)?.Until);
        world.Time.Advance(until - now);
        Assert.Null(world.Health.Excluded(one, first));
        Assert.Null(world.Health.Excluded(two, first));
    }

    internal static UpstreamError Error(ErrorKind kind, string message, string body = "") =>
        new(kind, message) { Body = body.Length == 0 ? default : new RawJson(Encoding.UTF8.GetBytes(body)) };

    private static TimeSpan? Seconds(double seconds) => seconds < 0 ? null : TimeSpan.FromSeconds(seconds);
}
