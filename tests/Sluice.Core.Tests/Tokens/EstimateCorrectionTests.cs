using Sluice.Core.Tokens;
using Xunit;

namespace Sluice.Core.Tests.Tokens;

public sealed class EstimateCorrectionTests
{
    private const string Model = "vendor/words-2.1";

    private static EstimateCorrection Taught(double ratio, int answers, string model = Model)
    {
        var correction = new EstimateCorrection();
        for (var i = 0; i < answers; i++)
        {
            correction.Learn(model, 10_000, (long)(10_000 * ratio));
        }

        return correction;
    }

    [Fact]
    public void F21_Estimate_StandsAsItIsUntilFiveAnswersHaveTaughtIt()
    {
        Assert.Equal(12_345, new EstimateCorrection().Correct(Model, 12_345));
        Assert.Equal(1000, Taught(1.3, 4).Correct(Model, 1000));
        Assert.Equal(1300, Taught(1.3, 5).Correct(Model, 1000));
    }

    [Theory]
    [InlineData(1.3, 0.0)]
    [InlineData(1.3, 0.05)]
    [InlineData(1.0, 0.05)]
    [InlineData(0.8, 0.05)]
    [InlineData(2.4, 0.03)]
    public void F21_Correction_AfterFiftyAnswers_IsSeldomTooLowAndSeldomFifteenPercentTooHigh(double ratio, double noise)
    {
        const int Families = 40;
        const int Asked = 100;
        var random = new Random(20261121);
        int tooLow = 0, within = 0;
        for (var family = 0; family < Families; family++)
        {
            var correction = new EstimateCorrection();
            long Truth(long raw) => (long)Math.Round(raw * ratio * (1 + (noise * ((random.NextDouble() * 2) - 1))));
            for (var i = 0; i < 50; i++)
            {
                var raw = random.NextInt64(300, 200_000);
                correction.Learn(Model, raw, Truth(raw));
            }

            for (var i = 0; i < Asked; i++)
            {
                var raw = random.NextInt64(1000, 200_000);
                var truth = Truth(raw);
                var corrected = correction.Correct(Model, raw);
                tooLow += corrected < truth - 1 ? 1 : 0;
                within += corrected >= truth - 1 && corrected <= truth * 1.15 ? 1 : 0;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{tooLow} of {Families * Asked} too low, {within} within [0, +15 %]");
        Assert.True(within >= Families * Asked * 0.9, $"{within} of {Families * Asked} within [0, +15 %], {tooLow} too low");
    }

    [Fact]
    public void F21_AbsurdReports_DoNotMoveTheCorrectionFar()
    {
        var correction = new EstimateCorrection();
        for (var i = 0; i < 60; i++)
        {
            correction.Learn(Model, 10_000, i % 10 == 0 ? 900_000 : 11_000);
        }

        // At most 1.3 times the usual answer's 1.1, rounded up.
        Assert.InRange(correction.Correct(Model, 1000), 1100, 1431);
    }

    [Fact]
    public void F21_Correction_StaysBetweenAHalfAndThreeTimes()
    {
        Assert.Equal(3000, Taught(50, 20).Correct(Model, 1000));
        Assert.Equal(500, Taught(0.01, 20).Correct(Model, 1000));
    }

    [Fact]
    public void F21_ShortRequestsAndMissingCounts_TeachNothing()
    {
        var correction = new EstimateCorrection();
        for (var i = 0; i < 20; i++)
        {
            correction.Learn(Model, 255, 700);
            correction.Learn(Model, 10_000, 0);
            correction.Learn(Model, 10_000, -5);
            correction.Learn(Model, 0, 10);
        }

        Assert.Equal(1000, correction.Correct(Model, 1000));
    }

    [Theory]
    [InlineData("anthropic/claude-opus-5", true)]
    [InlineData("anthropic/claude-opus-4.8", true)]
    [InlineData("anthropic/claude-haiku-4.8", false)]
    [InlineData("other/claude-opus-4.8", false)]
    [InlineData("claude-opus-4.8", false)]
    [InlineData("", false)]
    public void F21_Family_SharesWhatItsModelsTaught(string model, bool shares) =>
        Assert.Equal(shares ? 1300 : 1000, Taught(1.3, 10, "anthropic/claude-opus-4.8").Correct(model, 1000));

    [Fact]
    public void F21_NameOfNothingButAVersion_IsAFamilyOfItsOwn()
    {
        var correction = Taught(1.3, 10, "openai/o3");
        Assert.Equal(1300, correction.Correct("openai/o3", 1000));
        Assert.Equal(1000, correction.Correct("openai/o4", 1000));
    }

    [Fact]
    public void F21_Family_FollowsAChangeWithinItsWindow()
    {
        var correction = Taught(2.0, 500);
        for (var i = 0; i < 128; i++)
        {
            correction.Learn(Model, 10_000, 11_000);
        }

        Assert.Equal(1100, correction.Correct(Model, 1000));
    }

    [Fact]
    public void F21_Families_AreBounded_AndLateOnesAreNotCorrected()
    {
        var correction = new EstimateCorrection();
        string Name(int i) => "v/" + string.Concat(i.ToString(System.Globalization.CultureInfo.InvariantCulture).Select(c => (char)('k' + (c - '0')))) + "-x";
        for (var i = 0; i < 2000; i++)
        {
            for (var answer = 0; answer < 5; answer++)
            {
                correction.Learn(Name(i), 10_000, 13_000);
            }
        }

        Assert.Equal(1300, correction.Correct(Name(0), 1000));
        Assert.Equal(1300, correction.Correct(Name(500), 1000));
        Assert.Equal(1000, correction.Correct(Name(1999), 1000));
    }

    [Fact]
    public void F21_ManyAtOnce_LearnAndReadWithoutHarm()
    {
        var correction = new EstimateCorrection();
        var off = 0;
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var model = $"v/family-{(char)('a' + (i % 7))}";
            correction.Learn(model, 10_000, 12_000 + (i % 100));
            if (correction.Correct(model, 1000) is not (1000 or (>= 1200 and <= 1210)))
            {
                Interlocked.Increment(ref off);
            }
        });

        Assert.Equal(0, off);
        Assert.InRange(correction.Correct("v/family-a", 1000), 1200, 1210);
    }
}
