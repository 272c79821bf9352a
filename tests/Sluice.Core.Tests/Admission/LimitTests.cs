using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Xunit;

namespace Sluice.Core.Tests.Admission;

/// <summary>Each limit by itself: what fits, what does not, why, and when.</summary>
public sealed class LimitTests
{
    private readonly GateUnderTest _gate = new();

    [Fact]
    public void E6_RequestsBeyondTheMinutesLimit_WaitUntilTheFirstIsAMinuteOld()
    {
        var key = _gate.Scope(new LimitSet { RequestsPerMinute = 3 });
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull(_gate.Try(key));
            _gate.Time.Advance(TimeSpan.FromSeconds(10));
        }

        var lack = _gate.LackOf(key)!;
        Assert.Equal("rpm", lack.Name);
        Assert.Equal(3, lack.Limit);

        // The first came at 0 s; its quarter of a second is a minute old at 60.25 s, and now it is 30 s.
        Assert.Equal(TimeSpan.FromSeconds(30.25), lack.Wait);
        _gate.Time.Advance(lack.Wait!.Value - TimeSpan.FromMilliseconds(1));
        Assert.Null(_gate.Try(key));
        _gate.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.NotNull(_gate.Try(key));
        Assert.Null(_gate.Try(key));
    }

    [Fact]
    public void E7_TwoCallsOfSixtyThousandTokens_AtAHundredThousandAMinute_TheSecondWaits()
    {
        var key = _gate.Scope(new LimitSet { InputPerMinute = 100_000 });
        Assert.NotNull(_gate.Try(key, input: 60_000));
        var lack = _gate.LackOf(key, input: 60_000)!;
        Assert.Equal("input_tpm", lack.Name);
        Assert.Equal(60_000, lack.Need);
        Assert.Equal(TimeSpan.FromSeconds(60.25), lack.Wait);
        Assert.NotNull(_gate.Try(key, input: 40_000));
    }

    [Fact]
    public void E3_APromptLargerThanTheLimit_NeverFits_AndSaysSo()
    {
        var key = _gate.Scope(new LimitSet { InputPerMinute = 1_000 });
        var lack = _gate.LackOf(key, input: 1_001)!;
        Assert.True(lack.IsForGood);
        Assert.Null(lack.Wait);
    }

    [Fact]
    public void E4_ExpectedOutputLargerThanTheLimit_FitsWhenTheMinuteIsFree_SinceItIsAGuess()
    {
        var key = _gate.Scope(new LimitSet { OutputPerMinute = 500 });
        Assert.NotNull(_gate.Try(key, output: 4_000));
        Assert.Equal("output_tpm", _gate.LackOf(key, output: 1)!.Name);
    }

    [Fact]
    public void Settlement_GivesBackWhatWasNotUsed_AtOnce()
    {
        var key = _gate.Scope(new LimitSet { OutputPerMinute = 1_000 });
        var permit = _gate.Try(key, output: 1_000)!;
        Assert.Null(_gate.Try(key, output: 1));
        permit.Settle(new Demand(0, 300));
        permit.Settle(new Demand(0, 300)); // The same again changes nothing.
        Assert.Null(_gate.Try(key, output: 701));
        Assert.NotNull(_gate.Try(key, output: 700));
    }

    [Fact]
    public void Settlement_OfTwoCallsOneAfterTheOther_CountsTheSecond()
    {
        // The first was refused and used nothing; the second took its place and its permit.
        var key = _gate.Scope(new LimitSet { OutputPerMinute = 1_000 });
        var permit = _gate.Try(key, output: 1_000)!;
        permit.Settle(new Demand(0, 0));
        permit.Settle(new Demand(0, 400));

        Assert.Null(_gate.Try(key, output: 601));
        Assert.NotNull(_gate.Try(key, output: 600));
    }

    [Fact]
    public void Settlement_ChargesWhatWasUsedBeyondTheEstimate()
    {
        var key = _gate.Scope(new LimitSet { InputPerMinute = 1_000 });
        var permit = _gate.Try(key, input: 100)!;
        _gate.Time.Advance(TimeSpan.FromSeconds(30));
        permit.Settle(new Demand(1_500, 0));

        // 500 over the limit until what was charged at 30 s is a minute old; what was taken at 0 s is free before that.
        Assert.Equal(TimeSpan.FromSeconds(60.25), _gate.LackOf(key, input: 1)!.Wait);
    }

    [Fact]
    public void Settlement_OfWhatWasTakenLongAgo_GivesNothingBack()
    {
        var key = _gate.Scope(new LimitSet { InputPerMinute = 1_000 });
        var old = _gate.Try(key, input: 1_000)!;
        _gate.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.NotNull(_gate.Try(key, input: 1_000));
        old.Settle(new Demand(0, 0));
        Assert.Null(_gate.Try(key, input: 1));
    }

    [Fact]
    public void E8_RequestsOfADay_BeginAnewAtMidnightUtc()
    {
        // The clock starts at noon.
        var key = _gate.Scope(new LimitSet { RequestsPerDay = 2 });
        Assert.NotNull(_gate.Try(key));
        Assert.NotNull(_gate.Try(key));
        var lack = _gate.LackOf(key)!;
        Assert.Equal("rpd", lack.Name);
        Assert.Equal(TimeSpan.FromHours(12), lack.Wait);
        _gate.Time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromSeconds(1));
        Assert.Null(_gate.Try(key));
        _gate.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(_gate.Try(key));
    }

    [Fact]
    public void BurstOfOne_SpacesStartsEvenly()
    {
        var key = _gate.Scope(new LimitSet { RequestsPerMinute = 60, Burst = 1 });
        var starts = new List<TimeSpan>();
        for (var at = TimeSpan.Zero; at < TimeSpan.FromSeconds(10); at += TimeSpan.FromMilliseconds(100))
        {
            if (_gate.Try(key) is not null)
            {
                starts.Add(at);
            }

            _gate.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(second => TimeSpan.FromSeconds(second)), starts);
    }

    [Fact]
    public void E14_ABurstAndAFullMinute_AreTwoCauses()
    {
        var key = _gate.Scope(new LimitSet { RequestsPerMinute = 6, Burst = 3 });
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull(_gate.Try(key));
        }

        Assert.Equal(("burst", TimeSpan.FromSeconds(10)), (_gate.LackOf(key)!.Name, _gate.LackOf(key)!.Wait));
        for (var i = 0; i < 3; i++)
        {
            _gate.Time.Advance(TimeSpan.FromSeconds(10));
            Assert.NotNull(_gate.Try(key));
        }

        // 30 s: six of the minute are used; the first three are free at 60.25 s.
        Assert.Equal(("rpm", TimeSpan.FromSeconds(30.25)), (_gate.LackOf(key)!.Name, _gate.LackOf(key)!.Wait));
    }

    [Fact]
    public void Concurrency_IsFreedByTheEnd_Once()
    {
        var key = _gate.Scope(new LimitSet { Concurrency = 1 });
        var first = _gate.Try(key)!;
        var lack = _gate.LackOf(key)!;
        Assert.Equal("concurrency", lack.Name);
        Assert.Null(lack.Wait);
        first.Dispose();
        first.Dispose();
        Assert.NotNull(_gate.Try(key));
        Assert.Null(_gate.Try(key));
    }

    [Fact]
    public void E9_SeveralScopes_AreTakenTogetherOrNotAtAll()
    {
        var key = _gate.Scope(new LimitSet { RequestsPerMinute = 10 }, "key");
        var team = _gate.Scope(new LimitSet { RequestsPerMinute = 1 }, "team");
        Assert.NotNull(_gate.Gate.TryEnter(GateUnderTest.WayOf(key, team), default, GateUnderTest.FlowOf(), out _));
        for (var i = 0; i < 20; i++)
        {
            Assert.Null(_gate.Gate.TryEnter(GateUnderTest.WayOf(key, team), default, GateUnderTest.FlowOf(), out var lack));
            Assert.Equal("team", lack!.Scope.Name);
        }

        // The refusals took nothing of the key's ten.
        for (var i = 0; i < 9; i++)
        {
            Assert.NotNull(_gate.Try(key));
        }

        Assert.Null(_gate.Try(key));
    }

    [Fact]
    public void Tightest_IsTheLimitOfWhichTheSmallestShareIsLeft()
    {
        var key = _gate.Scope(new LimitSet { RequestsPerMinute = 10, InputPerMinute = 1_000, Concurrency = 1 });
        var standing = _gate.Try(key, input: 300)!.Tightest!;
        Assert.Equal((1_000, 700, TimeSpan.FromSeconds(60.25)), (standing.Limit, standing.Remaining, standing.Reset));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void F31_AnyMinute_NeverHoldsMoreThanTheLimit_AndUnderLoadHardlyLess(int seed)
    {
        const int Limit = 600;
        var random = new Random(seed);
        var key = _gate.Scope(new LimitSet { RequestsPerMinute = Limit });
        var admitted = new List<TimeSpan>();
        var now = TimeSpan.Zero;
        while (now < TimeSpan.FromMinutes(26))
        {
            // Five minutes of bursts and pauses, then more than fits.
            var step = TimeSpan.FromMilliseconds(now < TimeSpan.FromMinutes(5) ? random.Next(4) == 0 ? random.Next(20_000) : random.Next(20) : random.Next(50));
            _gate.Time.Advance(step);
            now += step;
            for (var i = random.Next(1, 40); i > 0; i--)
            {
                if (_gate.Try(key) is { } permit)
                {
                    admitted.Add(now);
                    permit.Dispose();
                }
            }
        }

        var first = 0;
        for (var last = 0; last < admitted.Count; last++)
        {
            while (admitted[last] - admitted[first] >= TimeSpan.FromMinutes(1))
            {
                first++;
            }

            Assert.True(last - first + 1 <= Limit, $"{last - first + 1} in the minute before {admitted[last]}");
        }

        // The last twenty minutes were asked for more than the limit without a pause.
        var loaded = admitted.Count(at => at >= now - TimeSpan.FromMinutes(20));
        Assert.InRange(loaded, 20 * Limit * 0.98, 20 * Limit);
    }
}
