using Sluice.Core.Catalogue;
using Sluice.Core.Faults;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Health;

/// <summary>Who is refused because of what others met hears what they were told: by which provider, in which words, under which id.</summary>
public sealed class LastWordsTests
{
    private readonly World _world = new World().Provider("a", credentials: 2).Provider("b").Model("x/one", ("a", 1m), ("b", 1m)).Model("y/two", ("a", 1m));

    public LastWordsTests() => _ = _world.Snapshot;

    private ModelEndpoint Two => _world.Endpoint("y/two", "a");

    [Fact]
    public void OpenCircuit_RefusalHoldsTheLastOfItsFailures()
    {
        for (var i = 1; i <= 5; i++)
        {
            Fail(Two, "a#1", Fault(ErrorKind.UpstreamError, 500, $"engine {i} is down", id: $"req-{i}"));
        }

        var refusal = _world.Plan("y/two").Refusal!;

        Assert.Equal((503, ErrorKind.NoEndpoint, ErrorSource.Provider, "a", "engine 5 is down"), (refusal.Status, refusal.Kind, refusal.Source, refusal.Provider, refusal.ProviderMessage));
        Assert.Equal("Every provider of 'y/two' failed too often lately and is left alone; the next probe is due in 15 s. a said last (500, its request id req-5): engine 5 is down.", refusal.Message);
    }

    [Fact]
    public void CoolingCredentials_RefusalHoldsWhatTheLimitSaid()
    {
        Fail(Two, "a#1", Fault(ErrorKind.RateLimit, 429, "first limit", retryAfter: 20));
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        Fail(Two, "a#2", Fault(ErrorKind.RateLimit, 429, "second limit", retryAfter: 20));

        var refusal = _world.Plan("y/two").Refusal!;

        Assert.Equal((429, ErrorSource.Provider, "a", "second limit"), (refusal.Status, refusal.Source, refusal.Provider, refusal.ProviderMessage));
        Assert.EndsWith("a said last (429): second limit.", refusal.Message, StringComparison.Ordinal);
    }

    // The account is shared: what one model met is why the other is not asked.
    [Fact]
    public void CoolingAccount_RefusalOfAnotherModelHoldsItToo()
    {
        Fail(_world.Endpoint("x/one", "a"), "a#1", Fault(ErrorKind.RateLimit, 429, "your account is over its limit", retryAfter: 20));
        Fail(_world.Endpoint("x/one", "a"), "a#2", Fault(ErrorKind.RateLimit, 429, "your account is over its limit", retryAfter: 20));

        Assert.Equal("your account is over its limit", _world.Plan("y/two").Refusal!.ProviderMessage);
    }

    [Fact]
    public void RefusedKeys_RefusalHoldsTheRefusal()
    {
        foreach (var key in new[] { "a#1", "a#2" })
        {
            Fail(Two, key, Fault(ErrorKind.Authentication, 401, "invalid x-api-key") with { CredentialIsDead = true });
        }

        var refusal = _world.Plan("y/two").Refusal!;

        Assert.Equal((502, "a", "invalid x-api-key", false), (refusal.Status, refusal.Provider, refusal.ProviderMessage, refusal.ShouldRetry));
    }

    [Fact]
    public void SeveralProviders_TheOneThatFailedLastIsQuoted_AndNobodyElsesModel()
    {
        for (var i = 0; i < 5; i++)
        {
            Fail(_world.Endpoint("x/one", "b"), "b#1", Fault(ErrorKind.Overloaded, 529, "b is busy"));
        }

        _world.Time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 5; i++)
        {
            Fail(_world.Endpoint("x/one", "a"), "a#1", Fault(ErrorKind.Overloaded, 529, "a is busy"));
        }

        _world.Time.Advance(TimeSpan.FromSeconds(1));
        Fail(Two, "a#1", Fault(ErrorKind.Overloaded, 529, "two is busy"));

        var refusal = _world.Plan("x/one").Refusal!;
        Assert.Equal(("a", "a is busy"), (refusal.Provider, refusal.ProviderMessage));
    }

    [Fact]
    public void NoAnswerAtAll_IsSaidAsSuch()
    {
        for (var i = 0; i < 5; i++)
        {
            Fail(Two, "a#1", Fault(ErrorKind.Timeout, null, "Nothing came for 60 s."));
        }

        Assert.EndsWith("a said last (no answer): Nothing came for 60 s.", _world.Plan("y/two").Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LongWords_AreCutAt500Characters()
    {
        for (var i = 0; i < 5; i++)
        {
            Fail(Two, "a#1", Fault(ErrorKind.UpstreamError, 500, new string('w', 16_000), id: new string('i', 16_000)));
        }

        var refusal = _world.Plan("y/two").Refusal!;
        Assert.Equal(new string('w', 499) + "…", refusal.ProviderMessage);
        Assert.True(refusal.Message.Length < 1000, $"{refusal.Message.Length} characters");
    }

    [Fact]
    public void AfterAGoodAnswer_NobodyIsRefusedAndNothingQuoted()
    {
        Fail(Two, "a#1", Fault(ErrorKind.UpstreamError, 500, "down"));
        _world.Health.Succeeded(Two, _world.Credential("a#1"));

        Assert.Null(_world.Plan("y/two").Refusal);
    }

    private void Fail(ModelEndpoint endpoint, string credential, UpstreamFault fault) => _world.Health.Failed(endpoint, _world.Credential(credential), fault);

    private static UpstreamFault Fault(ErrorKind kind, int? status, string message, double? retryAfter = null, string? id = null) =>
        new(FaultPhase.Status, new UpstreamError(kind, message) { Status = status }) { RetryAfter = retryAfter is { } wait ? TimeSpan.FromSeconds(wait) : null, RequestId = id };
}
