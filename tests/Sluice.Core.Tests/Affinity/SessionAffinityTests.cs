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

    [Fact]
    public void Session_SilentForAnHour_IsForgottenAndASpeakingOneIsNot()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("silent", "m", "a/up", "a#1");
        affinity.Remember("speaking", "m", "a/up", "a#1");
        _time.Advance(TimeSpan.FromMinutes(59));
        affinity.Remember("speaking", "m", "a/up", "a#1");
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Null(affinity.Find("silent", "m"));
        Assert.NotNull(affinity.Find("speaking", "m"));
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
