using Sluice.Core.Advice;
using Xunit;

namespace Sluice.Core.Tests.Advice;

/// <summary>Which errors clients were spared, and which are the most common.</summary>
public sealed class AbsorbedErrorsTests
{
    [Fact]
    public void I92_RequestsWhoseFirstCallFailed_AreAbsorbedOrPassed()
    {
        // 100 answered at once; 10 first calls failed at a, of which b answered 7 and failed 3; of the others 2 clients left and 4 met a limit of Sluice's own.
        var errors = new PlantedWeeks(4)
            .Sum("a", "answered", requests: 100, attempts: 100)
            .Sum("a", "overloaded", requests: 10, attempts: 10)
            .Sum("b", "answered", requests: 0, attempts: 7)
            .Sum("b", "timeout", requests: 0, attempts: 3)
            .Sum("a", "client_gone", requests: 2, attempts: 2)
            .Sum(null, "rate_limit", requests: 4, attempts: 0)
            .Sum(null, "cache", requests: 5, attempts: 0)
            .Advice.Errors;

        Assert.Equal((121, 112, 7, 3, 4, 2), (errors.Requests, errors.Answered, errors.Absorbed, errors.Passed, errors.Refused, errors.ClientGone));
        Assert.Equal("Of 121 requests 112 were answered. Of 10 whose first call failed, 7 were answered by another call (70.0 %) and 3 got the error.", errors.Found);
    }

    [Fact]
    public void I92_AnAnswerThatWasNotNeeded_IsNotAbsorbed()
    {
        var errors = new PlantedWeeks(4).Sum("a", "superseded", requests: 5, attempts: 5).Sum("b", "answered", requests: 0, attempts: 5).Advice.Errors;

        Assert.Equal((5, 5, 0, 0), (errors.Requests, errors.Answered, errors.Absorbed, errors.Passed));
    }

    [Fact]
    public void I78_MostCommonErrors_StandWithWhoseTheyAre()
    {
        var errors = new PlantedWeeks(4)
            .Sum("a", "rate_limit", requests: 3, attempts: 9)
            .Sum("b", "rate_limit", requests: 9, attempts: 12)
            .Sum(null, "model_not_found", requests: 10, attempts: 0)
            .Sum("b", "client_gone", requests: 99, attempts: 99)
            .Advice.Errors;

        Assert.Equal([new("rate_limit", "b", 12), new("model_not_found", null, 10), new CommonError("rate_limit", "a", 9)], errors.MostCommon);
    }

    [Fact]
    public void NoRequests_SaySo() => Assert.Equal("There were no requests.", new PlantedWeeks(4).Advice.Errors.Found);
}
