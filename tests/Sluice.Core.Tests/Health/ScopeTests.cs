using System.Text;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;
using Xunit;

namespace Sluice.Core.Tests.Health;

/// <summary>Whom a failure keeps out: models are <c>up-x-one</c> and <c>up-y-two</c> at provider a with two credentials.</summary>
public sealed class ScopeTests
{
    private readonly World _world = new World().Provider("a", credentials: 2).Provider("b").Model("x/one", ("a", 1m), ("b", 1m)).Model("y/two", ("a", 1m));

    public ScopeTests() => _ = _world.Snapshot;

    private ModelEndpoint One => _world.Endpoint("x/one", "a");

    private ModelEndpoint Two => _world.Endpoint("y/two", "a");

    private Credential First => _world.Credential("a#1");

    private Credential Second => _world.Credential("a#2");

    [Theory]
    [InlineData("Rate limit reached for up-x-one in organization org-1 on tokens per min (TPM): Limit 30000.", "", FaultScope.Model)]
    [InlineData("Rate limit reached for Up-X-One.", "", FaultScope.Model)]
    [InlineData("Rate limit reached for up-x-one-mini on your account.", "", FaultScope.Model)]
    [InlineData("Rate limit reached for up-x-onemini on your account.", "", FaultScope.Credential)]
    [InlineData("Quota exceeded.", """{"error":{"details":[{"violations":[{"quotaDimensions":{"model":"up-x-one"}}]}]}}""", FaultScope.Model)]
    [InlineData("This request would exceed your organization's rate limit of 30,000 input tokens per minute.", "", FaultScope.Model)]
    [InlineData("Too many requests", "", FaultScope.Model)]
    [InlineData("Rate limit exceeded: free-models-per-day. Add 10 credits.", "", FaultScope.Credential)]
    [InlineData("The concurrency limit of your account is reached.", "", FaultScope.Credential)]
    [InlineData("You've hit your usage limit.", "", FaultScope.Credential)]
    [InlineData("Your account's limit for this model is reached.", "", FaultScope.Model)]
    public void F32_RateLimit_ReachesAsFarAsItSays(string message, string body, FaultScope scope) =>
        Assert.Equal(scope, FaultScopes.Of(Fault(ErrorKind.RateLimit, message, body), "up-x-one"));

    [Theory]
    [InlineData(ErrorKind.QuotaExhausted, FaultPhase.Status, FaultScope.Credential)]
    [InlineData(ErrorKind.Overloaded, FaultPhase.Status, FaultScope.Endpoint)]
    [InlineData(ErrorKind.UpstreamError, FaultPhase.Status, FaultScope.Endpoint)]
    [InlineData(ErrorKind.BadResponse, FaultPhase.FirstToken, FaultScope.Endpoint)]
    [InlineData(ErrorKind.Timeout, FaultPhase.FirstToken, FaultScope.Endpoint)]
    [InlineData(ErrorKind.Timeout, FaultPhase.Connect, FaultScope.Provider)]
    [InlineData(ErrorKind.Connection, FaultPhase.Connect, FaultScope.Provider)]
    [InlineData(ErrorKind.Connection, FaultPhase.Stream, FaultScope.Endpoint)]
    [InlineData(ErrorKind.ModelNotFound, FaultPhase.Status, FaultScope.Endpoint)]
    [InlineData(ErrorKind.Cancelled, FaultPhase.Stream, FaultScope.Request)]
    public void F32_OtherFaults_ReachAsFarAsTheirKind(ErrorKind kind, FaultPhase phase, FaultScope scope) =>
        Assert.Equal(scope, FaultScopes.Of(new UpstreamFault(phase, new UpstreamError(kind, "no")), "up-x-one"));

    [Fact]
    public void F32_LimitOfTheAccount_CoolsTheCredentialForEveryModel()
    {
        _world.Health.Failed(One, First, Fault(ErrorKind.RateLimit, "The limit of your account is reached.") with { RetryAfter = TimeSpan.FromSeconds(20) });

        Assert.Equal(ExclusionCause.Cooldown, _world.Health.Excluded(One, First)?.Cause);
        Assert.Equal(_world.Time.GetUtcNow().AddSeconds(20), _world.Health.Excluded(Two, First)?.Until);
        Assert.Null(_world.Health.Excluded(One, Second));
        Assert.Null(_world.Health.Excluded(Two, Second));
        Assert.True(_world.Health.FailedRecently(Two, First));
        Assert.False(_world.Health.FailedRecently(Two, Second));

        _world.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Null(_world.Health.Excluded(One, First));
        Assert.Null(_world.Health.Excluded(Two, First));
    }

    [Fact]
    public void F32_OverloadWithAHint_CoolsTheEndpointForEveryCredential()
    {
        _world.Fail("x/one", "a#1", ErrorKind.Overloaded, TimeSpan.FromSeconds(20));

        Assert.Equal(ExclusionCause.Cooldown, _world.Health.Excluded(One, First)?.Cause);
        Assert.Equal(_world.Time.GetUtcNow().AddSeconds(20), _world.Health.Excluded(One, Second)?.Until);
        Assert.Null(_world.Health.Excluded(Two, First));
    }

    [Fact]
    public void HostThatCannotBeReached_LowersTheRankOfAllItsEndpointsUntilSomebodyAnswers()
    {
        _world.Health.Failed(One, First, new UpstreamFault(FaultPhase.Connect, new UpstreamError(ErrorKind.Connection, "no")));

        Assert.True(_world.Health.FailedRecently(Two));
        Assert.True(_world.Health.FailedRecently(Two, Second));
        Assert.Null(_world.Health.Excluded(Two, Second));
        Assert.False(_world.Health.FailedRecently(_world.Endpoint("x/one", "b")));

        _world.Health.Succeeded(Two, Second);
        Assert.False(_world.Health.FailedRecently(Two, Second));
        Assert.True(_world.Health.FailedRecently(One, Second));
    }

    [Fact]
    public void OverloadOfOneModel_SaysNothingAboutTheOthers()
    {
        _world.Fail("x/one", "a#1", ErrorKind.Overloaded);

        Assert.True(_world.Health.FailedRecently(One, Second));
        Assert.False(_world.Health.FailedRecently(Two));
    }

    [Theory]
    [InlineData(ErrorKind.Authentication, true)]
    [InlineData(ErrorKind.Credits, true)]
    [InlineData(ErrorKind.QuotaExhausted, false)]
    public void RefusalWithoutACredential_IsAboutThatModelAndNeverForGood(ErrorKind kind, bool dead)
    {
        _world.Health.Failed(One, credential: null, Fault(kind, "no") with { CredentialIsDead = dead });

        Assert.Null(_world.Health.Excluded(One, credential: null));
        Assert.True(_world.Health.FailedRecently(One, credential: null));
        Assert.False(_world.Health.FailedRecently(Two, credential: null));
    }

    [Fact]
    public void F32_AfterTheLongestCooldown_ItIsAskedAgain()
    {
        for (var i = 0; i < 4; i++)
        {
            _world.Fail("x/one", "a#1", ErrorKind.QuotaExhausted, TimeSpan.FromDays(18));
            Assert.NotNull(_world.Health.Excluded(One, First));
            _world.Time.Advance(TimeSpan.FromMinutes(5));
            Assert.Null(_world.Health.Excluded(One, First));
        }
    }

    private static UpstreamFault Fault(ErrorKind kind, string message, string body = "") =>
        new(FaultPhase.Status, new UpstreamError(kind, message) { Status = 429, Body = body.Length == 0 ? default : new RawJson(Encoding.UTF8.GetBytes(body)) });
}
