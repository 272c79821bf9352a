using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Health;

public sealed class HealthBoardTests
{
    private readonly World _world = new World().Provider("a", credentials: 2).Provider("b").Model("x/one", ("a", 1m), ("b", 1m)).Model("y/two", ("a", 1m));

    private ModelEndpoint One => _world.Endpoint("x/one", "a");

    private Credential First => _world.Credential("a#1");

    private Credential Second => _world.Credential("a#2");

    private DateTimeOffset Now => _world.Time.GetUtcNow();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(300, 300)]
    [InlineData(301, 300)]
    [InlineData(1e9, 300)]
    public void F32_Hint_OfAnySize_CoolsThisEndpointAndCredentialAtMostFiveMinutes(double hint, double expected)
    {
        _world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(hint));

        Assert.Equal(Now.AddSeconds(expected), _world.Health.Excluded(One, First)?.Until);
        Assert.Null(_world.Health.Excluded(One, Second));
        Assert.Null(_world.Health.Excluded(_world.Endpoint("y/two", "a"), First));
    }

    [Fact]
    public void F32_SecondHint_Shorter_DoesNotShortenTheCooldown()
    {
        _world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(60));
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        _world.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(5));

        Assert.Equal(Now.AddSeconds(59), _world.Health.Excluded(One, First)?.Until);
    }

    [Fact]
    public void Failure_WithoutHint_LowersTheRankOnly()
    {
        _world.Fail("x/one", "a#1");

        Assert.Null(_world.Health.Excluded(One, First));
        Assert.True(_world.Health.FailedRecently(One));
        Assert.True(_world.Health.FailedRecently(One, Second));
        Assert.False(_world.Health.FailedRecently(_world.Endpoint("y/two", "a")));
    }

    [Fact]
    public void Failure_OfTheEndpoint_IsStillThereAfterASuccess()
    {
        _world.Fail("x/one", "a#1");
        _world.Health.Succeeded(One, Second);
        _world.Health.Succeeded(One, First);

        Assert.True(_world.Health.FailedRecently(One));
        _world.Time.Advance(TimeSpan.FromSeconds(30.1));
        Assert.False(_world.Health.FailedRecently(One));
    }

    [Fact]
    public void RateLimit_OfOneCredential_DoesNotLowerTheOthers()
    {
        _world.Fail("x/one", "a#1", ErrorKind.RateLimit);

        Assert.True(_world.Health.FailedRecently(One));
        Assert.True(_world.Health.FailedRecently(One, First));
        Assert.False(_world.Health.FailedRecently(One, Second));
    }

    [Theory]
    [InlineData(ErrorKind.InvalidRequest)]
    [InlineData(ErrorKind.ContextLength)]
    [InlineData(ErrorKind.ContentPolicy)]
    public void RequestsOwnFault_LeavesNoMark(ErrorKind kind)
    {
        _world.Health.Failed(One, First, new UpstreamFault(FaultPhase.Status, new UpstreamError(kind, "no")) { CanFailOver = false, RetryAfter = TimeSpan.FromSeconds(9) });

        Assert.False(_world.Health.FailedRecently(One));
        Assert.Null(_world.Health.Excluded(One, First));
    }

    [Fact]
    public void DeadCredential_IsOutForEveryModel_WithoutBlameForTheEndpoint()
    {
        _world.Fail("x/one", "a#1", ErrorKind.Authentication, dead: true);
        _world.Time.Advance(TimeSpan.FromDays(30));

        Assert.Equal(DateTimeOffset.MaxValue, _world.Health.Excluded(One, First)?.Until);
        Assert.Equal(DateTimeOffset.MaxValue, _world.Health.Excluded(_world.Endpoint("y/two", "a"), First)?.Until);
        Assert.Null(_world.Health.Excluded(One, Second));
        Assert.False(_world.Health.FailedRecently(One));
    }

    [Fact]
    public void RefusedPermission_IsOutForThatModelOnly()
    {
        _world.Fail("x/one", "a#1", ErrorKind.Permission, dead: true);

        Assert.Equal(DateTimeOffset.MaxValue, _world.Health.Excluded(One, First)?.Until);
        Assert.Null(_world.Health.Excluded(_world.Endpoint("y/two", "a"), First));
    }

    [Theory]
    [InlineData(ErrorKind.Authentication)]
    [InlineData(ErrorKind.Permission)]
    public void DeadCredential_AnswersAfterAll_IsAliveAgain(ErrorKind kind)
    {
        _world.Fail("x/one", "a#1", kind, dead: true);
        _world.Health.Succeeded(One, First);

        Assert.Null(_world.Health.Excluded(One, First));
    }

    [Fact]
    public void Reload_NothingChanged_KeepsEverything()
    {
        _world.Fail("x/one", "a#1", ErrorKind.Authentication, dead: true);
        _world.Fail("x/one", "a#2", ErrorKind.RateLimit, TimeSpan.FromSeconds(60));
        _world.Fail("x/one", "b#1");

        _world.Provider("c");
        _ = _world.Snapshot;

        Assert.Equal(DateTimeOffset.MaxValue, _world.Health.Excluded(One, First)?.Until);
        Assert.NotNull(_world.Health.Excluded(One, Second));
        Assert.True(_world.Health.FailedRecently(_world.Endpoint("x/one", "b")));
    }

    [Fact]
    public void Reload_NewSecretUnderTheSameId_StartsCleanAndIgnoresTheOldSecretsFaults()
    {
        var old = First;
        _world.Fail("x/one", "a#1", ErrorKind.Authentication, dead: true);
        _world.Fail("x/one", "a#2", ErrorKind.RateLimit, TimeSpan.FromSeconds(60));

        _world.Provider("a", credentials: 2, secret: "another-");
        Assert.NotEqual(old.Secret, First.Secret);
        Assert.Null(_world.Health.Excluded(One, First));
        Assert.Null(_world.Health.Excluded(One, Second));

        _world.Health.Failed(One, old, new UpstreamFault(FaultPhase.Status, new UpstreamError(ErrorKind.Authentication, "no")) { CredentialIsDead = true });
        Assert.Null(_world.Health.Excluded(One, First));
    }

    [Fact]
    public void Reload_OneMoreCredential_KeepsTheOthersMarks()
    {
        _world.Fail("x/one", "a#2", ErrorKind.RateLimit, TimeSpan.FromSeconds(60));

        _world.Provider("a", credentials: 3);
        _ = _world.Snapshot;

        Assert.NotNull(_world.Health.Excluded(One, Second));
    }

    [Fact]
    public void Reload_OtherBaseUrl_ForgetsTheProvider()
    {
        _world.Fail("x/one", "a#1");
        _world.Fail("x/one", "a#1", ErrorKind.Credits, dead: true);

        _world.Provider("a", credentials: 2, url: "http://127.0.0.1:2/v1");
        _ = _world.Snapshot;

        Assert.False(_world.Health.FailedRecently(One));
        Assert.Null(_world.Health.Excluded(One, First));
    }

    [Fact]
    public void Marks_ClientsInventModels_AreBounded()
    {
        var health = new HealthBoard(_world.Time);
        var fault = new UpstreamFault(FaultPhase.Status, new UpstreamError(ErrorKind.ModelNotFound, "no"));
        for (var i = 0; i < 25_000; i++)
        {
            health.Failed(new ModelEndpoint(One.Model, "a", "m" + i, null), credential: null, fault);
        }

        Assert.InRange(health.Count, 1, 10_000);
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        health.Failed(One, credential: null, fault);
        Assert.Equal(1, health.Count);
    }
}
