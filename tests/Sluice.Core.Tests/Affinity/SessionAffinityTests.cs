using Sluice.Core.Affinity;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Affinity;

public sealed class SessionAffinityTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Session_Remembered_IsFoundForItsModelAlone()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("s", "m", "a/up", "a#1");

        Assert.Equal(("a/up", "a#1"), affinity.Find("s", "m"));
        Assert.Null(affinity.Find("s", "other"));
        Assert.Null(affinity.Find("other", "m"));
    }

    [Fact]
    public void Session_Moved_IsFoundWhereItMoved()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("s", "m", "a/up", "a#1");
        affinity.Remember("s", "m", "b/up", credential: null);

        Assert.Equal(("b/up", (string?)null), affinity.Find("s", "m"));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 5)]
    [InlineData(10, 10)]
    [InlineData(60, 60)]
    public void Session_SilentForLongerThanItsCacheLives_IsForgottenAndASpeakingOneIsNot(int lifetime, int minutes)
    {
        var affinity = new SessionAffinity(_time);
        var use = new CacheUse(5000, TimeSpan.FromMinutes(lifetime), _time.GetUtcNow());
        affinity.Remember("silent", "m", "a/up", "a#1", use);
        affinity.Remember("speaking", "m", "a/up", "a#1", use);
        _time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
        Assert.True(affinity.Knows("silent"));
        Assert.NotNull(affinity.Find("silent", "m"));
        affinity.Remember("speaking", "m", "a/up", "a#1", use);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Null(affinity.Find("silent", "m"));
        Assert.False(affinity.Knows("silent"));
        Assert.NotNull(affinity.Find("speaking", "m"));
    }

    [Fact]
    public void Session_ReadsWhatWasWrittenForAnHour_StaysForAnHour()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("s", "m", "a/up", "a#1", new CacheUse(5000, TimeSpan.FromHours(1), _time.GetUtcNow()));
        _time.Advance(TimeSpan.FromMinutes(50));
        affinity.Remember("s", "m", "a/up", "a#1", new CacheUse(5000, TimeSpan.FromMinutes(5), _time.GetUtcNow()));
        _time.Advance(TimeSpan.FromMinutes(59));

        Assert.Equal(new SessionHome("a/up", "a#1", _time.GetUtcNow().AddMinutes(1), 5000), affinity.Home("s", "m"));
    }

    [Fact]
    public void Session_MovedFromACacheOfAnHour_TakesTheNewCachesLifetime()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("s", "m", "a/up", "a#1", new CacheUse(5000, TimeSpan.FromHours(1), _time.GetUtcNow()));
        affinity.Remember("s", "m", "b/up", "b#1", new CacheUse(7000, TimeSpan.FromMinutes(10), _time.GetUtcNow()));

        Assert.Equal(new SessionHome("b/up", "b#1", _time.GetUtcNow().AddMinutes(10), 7000), affinity.Home("s", "m"));
    }

    [Fact]
    public void F20_AnswerBegunBeforeTheSessionMoved_DoesNotBringItBack()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("s", "m", "a/up", "a#1");
        var slow = new CacheUse(5000, TimeSpan.FromMinutes(5), _time.GetUtcNow());
        _time.Advance(TimeSpan.FromSeconds(1));
        affinity.Remember("s", "m", "a/up", "a#2", new CacheUse(5000, TimeSpan.FromMinutes(5), _time.GetUtcNow()));
        _time.Advance(TimeSpan.FromSeconds(1));

        affinity.Remember("s", "m", "a/up", "a#1", slow);
        Assert.Equal(("a/up", "a#2"), affinity.Find("s", "m"));

        affinity.Remember("s", "m", "a/up", "a#3", slow with { SentAt = _time.GetUtcNow() });
        Assert.Equal(("a/up", "a#3"), affinity.Find("s", "m"));
    }

    [Fact]
    public void Session_WithMoreModelsThanAnyAgentUses_KeepsTheLatest()
    {
        var affinity = new SessionAffinity(_time);
        for (var i = 0; i < 100; i++)
        {
            affinity.Remember("s", "m" + i, "a/up", "a#1");
        }

        Assert.Equal(8, Enumerable.Range(0, 100).Count(i => affinity.Find("s", "m" + i) is not null));
        Assert.NotNull(affinity.Find("s", "m99"));
    }

    [Fact]
    public void F20_ManyThreadsOfOneSession_LoseNoModel()
    {
        var affinity = new SessionAffinity(_time);
        Parallel.For(0, 8000, i => affinity.Remember("s", "m" + (i % 8), "a/up" + (i % 8), "a#1"));

        Assert.All(Enumerable.Range(0, 8), i => Assert.Equal(("a/up" + i, "a#1"), affinity.Find("s", "m" + i)));
    }

    [Fact]
    public void Capacity_Exceeded_DropsWhatWasUsedLongestAgo()
    {
        var affinity = new SessionAffinity(_time, capacity: 100);
        affinity.Remember("kept", "m", "a/up", "a#1");
        for (var i = 0; i < 1000; i++)
        {
            affinity.Remember("s" + i, "m", "a/up", "a#1");
            Assert.NotNull(affinity.Find("kept", "m"));
        }

        var found = Enumerable.Range(0, 1000).Count(i => affinity.Find("s" + i, "m") is not null);
        Assert.InRange(found, 1, 100);
        Assert.Null(affinity.Find("s0", "m"));
    }

    [Fact]
    public void Session_LongerThanAnyClientsId_IsNotKept()
    {
        var affinity = new SessionAffinity(_time);
        var session = new string('x', 513);
        affinity.Remember(session, "m", "a/up", "a#1");

        Assert.Null(affinity.Find(session, "m"));
    }
}
