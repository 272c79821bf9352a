using System.Text;
using System.Text.Json;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Tests.Routing;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Health;

/// <summary>Health across a restart: another board over the same or another configuration takes over what is still true.</summary>
public sealed class SavedHealthTests
{
    private static readonly byte[] Salt = Encoding.ASCII.GetBytes("0123456789abcdef0123456789abcdef");

    private readonly World _before = New();

    [Fact]
    public void D16_OpenCircuit_StaysOpenWithItsGrowth()
    {
        Open(_before);
        _before.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.True(_before.Health.TryEnter(One(_before), First(_before), mayProbe: true, out var probe));
        _before.Health.Failed(One(_before), First(_before), Fault(ErrorKind.UpstreamError), probe);

        var after = Restarted(New());
        Assert.Equal(CircuitState.Open, after.Health.Of(One(after)).Circuit);
        Assert.Equal(_before.Time.GetUtcNow().AddSeconds(30), after.Health.Excluded(One(after), First(after))?.Until);

        after.Time.Advance(TimeSpan.FromSeconds(45));
        Assert.True(after.Health.TryEnter(One(after), First(after), mayProbe: true, out probe));
        after.Health.Failed(One(after), First(after), Fault(ErrorKind.UpstreamError), probe);
        Assert.Equal(after.Time.GetUtcNow().AddSeconds(60), after.Health.Excluded(One(after), First(after))?.Until);
    }

    [Fact]
    public void F32_Cooldowns_AreKeptUntilTheirDeadlineAndNotBeyond()
    {
        _before.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(40));
        _before.Health.Failed(One(_before), _before.Credential("a#2"), Fault(ErrorKind.RateLimit, "The limit of your account.") with { RetryAfter = TimeSpan.FromSeconds(100) });
        var deadline = _before.Time.GetUtcNow();

        var after = New();
        after.Time.Advance(TimeSpan.FromSeconds(39));
        Restarted(after);
        Assert.Equal(deadline.AddSeconds(40), after.Health.Excluded(One(after), First(after))?.Until);
        Assert.Equal(deadline.AddSeconds(100), after.Health.Excluded(after.Endpoint("y/two", "a"), after.Credential("a#2"))?.Until);
        Assert.Null(after.Health.Excluded(after.Endpoint("y/two", "a"), First(after)));

        var late = New();
        late.Time.Advance(TimeSpan.FromSeconds(41));
        Restarted(late);
        Assert.Null(late.Health.Excluded(One(late), First(late)));
    }

    [Fact]
    public void F32_DeadKey_StaysDead_UnlessItsSecretOrTheAddressChanged()
    {
        _before.Fail("x/one", "a#1", ErrorKind.Authentication, dead: true);
        _before.Fail("x/one", "a#2", ErrorKind.Permission, dead: true);

        var same = Restarted(New());
        Assert.Equal(ExclusionCause.Dead, same.Health.Excluded(same.Endpoint("y/two", "a"), First(same))?.Cause);
        Assert.Equal(ExclusionCause.Dead, same.Health.Excluded(One(same), same.Credential("a#2"))?.Cause);
        Assert.Null(same.Health.Excluded(same.Endpoint("y/two", "a"), same.Credential("a#2")));

        var otherSecret = Restarted(New("another-"));
        Assert.Null(otherSecret.Health.Excluded(One(otherSecret), First(otherSecret)));
        Assert.Null(otherSecret.Health.Excluded(One(otherSecret), otherSecret.Credential("a#2")));

        var otherPlace = Restarted(New(url: "http://127.0.0.1:2/v1"));
        Assert.Null(otherPlace.Health.Excluded(One(otherPlace), First(otherPlace)));
    }

    [Fact]
    public void EmptyAccount_IsAskedAgainAfterARestart()
    {
        _before.Fail("x/one", "a#1", ErrorKind.Credits, dead: true);
        Assert.NotNull(_before.Health.Excluded(One(_before), First(_before)));

        var after = Restarted(New());
        Assert.Null(after.Health.Excluded(One(after), First(after)));
    }

    [Fact]
    public void Saved_HoldsNoSecret_AndHashesDifferByFile()
    {
        _before.Fail("x/one", "a#1", ErrorKind.Authentication, dead: true);
        var text = JsonSerializer.Serialize(_before.Health.Save(Salt), SavedHealthJson.Default.SavedHealth);
        var other = _before.Health.Save(Encoding.ASCII.GetBytes("another salt 123")).Providers[0].Secrets["a#1"];

        Assert.DoesNotContain("secret-of", text, StringComparison.Ordinal);
        Assert.DoesNotContain(other, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_TimesBeyondReason_AreBounded()
    {
        Open(_before);
        _before.Fail("x/one", "a#2", ErrorKind.RateLimit, TimeSpan.FromSeconds(40));
        var saved = _before.Health.Save(Salt);
        var far = _before.Time.GetUtcNow().AddYears(50).UtcTicks;
        var after = New();
        after.Health.Restore(saved with { Endpoints = [.. saved.Endpoints.Select(m => m with { Until = far, OpenUntil = far, AskableFrom = far })] });

        Assert.InRange(after.Health.Excluded(One(after), First(after))!.Value.Until - after.Time.GetUtcNow(), TimeSpan.Zero, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void Version_ChangesWithWhatARestartMustNotForget_Alone()
    {
        var version = _before.Health.Version;
        _before.Health.Succeeded(One(_before), First(_before), new AttemptSpeed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 10));
        _before.Fail("x/one", "a#1");
        Assert.Equal(version, _before.Health.Version);

        _before.Fail("x/one", "a#1", ErrorKind.RateLimit, TimeSpan.FromSeconds(40));
        Assert.NotEqual(version, version = _before.Health.Version);
        Open(_before);
        Assert.NotEqual(version, version = _before.Health.Version);
        _before.Health.Succeeded(One(_before), First(_before));
        Assert.NotEqual(version, _before.Health.Version);
    }

    private static World New(string secret = "secret-of-", string url = "http://127.0.0.1:1/v1")
    {
        var world = new World().Provider("a", credentials: 2, secret: secret, url: url).Model("x/one", ("a", 1m)).Model("y/two", ("a", 1m));
        _ = world.Snapshot;
        return world;
    }

    private static ModelEndpoint One(World world) => world.Endpoint("x/one", "a");

    private static Credential First(World world) => world.Credential("a#1");

    private static UpstreamFault Fault(ErrorKind kind, string message = "no") => new(FaultPhase.Status, new UpstreamError(kind, message));

    private static void Open(World world)
    {
        for (var i = 0; i < 5; i++)
        {
            world.Health.Failed(One(world), First(world), Fault(ErrorKind.UpstreamError));
        }
    }

    /// <summary>What the first board wrote, read by the other; as a file would carry it. Both clocks stood alike at their starts.</summary>
    private World Restarted(World after)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(_before.Health.Save(Salt), SavedHealthJson.Default.SavedHealth);
        var saved = JsonSerializer.Deserialize(json, SavedHealthJson.Default.SavedHealth)!;
        Assert.True(saved.IsWhole);
        if (after.Time.GetUtcNow() < _before.Time.GetUtcNow())
        {
            after.Time.Advance(_before.Time.GetUtcNow() - after.Time.GetUtcNow());
        }

        after.Health.Restore(saved);
        return after;
    }
}
