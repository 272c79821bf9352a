using Sluice.Core.Admission.Queue;
using Xunit;

namespace Sluice.Core.Tests.Admission;

/// <summary>Shares over thousands of requests, by the line alone.</summary>
public sealed class FairQueueTests
{
    private readonly FairQueue<string> _line = new();
    private readonly Dictionary<string, FairQueue<string>.Place> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (Flow Flow, double Cost)> _asked = new(StringComparer.Ordinal);

    [Fact]
    public void TwoUsers_OneWithTenTimesTheRequests_AreServedEqually()
    {
        Fill("a", 2_000, cost: 1);
        Fill("b", 200, cost: 1);
        var served = Serve(400);
        Assert.InRange(served["b"].Count, 200 - 1, 200 + 1);
        Assert.InRange(served["a"].Count, 200 - 1, 200 + 1);
    }

    [Fact]
    public void FiveUsers_WithPromptsOfDifferentSizes_AreServedTheSameTokens()
    {
        double[] sizes = [2_000, 10_000, 40_000, 90_000, 150_000];
        for (var user = 0; user < sizes.Length; user++)
        {
            Fill("user" + user, (int)(40_000_000 / sizes[user]), sizes[user]);
        }

        var tokens = new double[5];
        for (var served = 0.0; served < 50_000_000;)
        {
            var (user, cost) = ServeOne();
            tokens[user[4] - '0'] += cost;
            served += cost;
        }

        Assert.True(tokens.Max() / tokens.Min() < 1.05, string.Join(", ", tokens));
    }

    [Fact]
    public void Interactive_IsServedByItsWeight_AndBackgroundDoesNotStarve()
    {
        Fill("a", 4_000, cost: 1, session: null, background: false);
        Fill("bg", 4_000, cost: 1, session: null, background: true);
        var served = Serve(2_500);
        Assert.InRange(served["a"].Count, 2_000 - 4, 2_000 + 4);
        Assert.InRange(served["bg"].Count, 500 - 4, 500 + 4);
    }

    [Fact]
    public void Sessions_OfOneUser_ShareWhatTheUserGets()
    {
        Fill("a", 3_000, cost: 1, session: "flood");
        Fill("a", 100, cost: 1, session: "quiet");
        Fill("b", 1_000, cost: 1, session: "only");
        var bySession = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < 400; i++)
        {
            var item = _line.First!;
            var session = item.Split('/')[1];
            bySession[session] = bySession.GetValueOrDefault(session) + 1;
            ServeOne();
        }

        Assert.InRange(bySession["only"], 200 - 2, 200 + 2);
        Assert.InRange(bySession["flood"], 100 - 2, 100 + 2);
        Assert.InRange(bySession["quiet"], 100 - 2, 100 + 2);
    }

    [Fact]
    public void RequestsOfOneSession_KeepTheirOrder()
    {
        Fill("a", 50, cost: 1, session: "s");
        Fill("b", 50, cost: 1, session: "s");
        var ofA = new List<string>();
        for (var i = 0; i < 100; i++)
        {
            var item = _line.First!;
            if (item.StartsWith("a/", StringComparison.Ordinal))
            {
                ofA.Add(item);
            }

            ServeOne();
        }

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"a/s/{i}"), ofA);
        Assert.Equal(0, _line.Count);
        Assert.Null(_line.First);
    }

    [Fact]
    public void WhoWasIdle_EarnsNothing_AndWhoServedAloneOwesNothing()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _line.Serve(new Flow("early", null, IsBackground: false), 1);
        }

        Fill("early", 100, cost: 1);
        Fill("late", 100, cost: 1);
        var served = Serve(100);
        Assert.InRange(served["early"].Count, 50 - 1, 50 + 1);
        Assert.InRange(served["late"].Count, 50 - 1, 50 + 1);
    }

    [Fact]
    public void Correction_CountsWhatWasUsedBeyondTheEstimate()
    {
        Fill("a", 100, cost: 10);
        Fill("b", 100, cost: 10);
        var first = ServeOne();
        _line.Correct(_asked.Values.First(asked => asked.Flow.Owner == first.User).Flow, 90);

        // One was served a hundred: the other is served ten times ten before it is its turn again.
        var next = Enumerable.Range(0, 10).Select(_ => ServeOne().User).ToList();
        Assert.DoesNotContain(first.User, next);
        Assert.Equal(first.User, ServeOne().User);
    }

    [Fact]
    public void EndlesslyManySessions_AreForgotten_WhenTheyNeitherWaitNorAreAhead()
    {
        for (var i = 0; i < 200_000; i++)
        {
            _line.Serve(new Flow("u", "session-" + i, IsBackground: false), 1);
        }

        Assert.InRange(_line.Remembered, 1, 10_000);
    }

    private void Fill(string user, int count, double cost, string? session = "s", bool background = false)
    {
        for (var i = 0; i < count; i++)
        {
            var item = $"{user}/{session}/{i}";
            var flow = new Flow(user, session, background);
            _places[item] = _line.Add(flow, item);
            _asked[item] = (flow, cost);
        }
    }

    private (string User, double Cost) ServeOne()
    {
        var item = _line.First!;
        var (flow, cost) = _asked[item];
        _line.Remove(_places[item]);
        _line.Serve(flow, cost);
        return (flow.Owner, cost);
    }

    private Dictionary<string, List<double>> Serve(int count)
    {
        var served = new Dictionary<string, List<double>>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var (user, cost) = ServeOne();
            if (!served.TryGetValue(user, out var list))
            {
                served[user] = list = [];
            }

            list.Add(cost);
        }

        return served;
    }
}
