using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Core.Tests.Ledger;

public sealed class AttemptCauseTests
{
    // The closed list of error kinds, as reports, metrics and error bodies write it.
    private static readonly string[] Kinds =
    [
        "invalid_request", "authentication", "permission", "credits", "model_not_found", "no_endpoint", "context_length", "content_policy", "rate_limit",
        "quota_exhausted", "overloaded", "timeout", "upstream_error", "connection", "bad_response", "cancelled", "internal", "region_restricted",
    ];

    [Fact]
    public void Of_EveryKind_IsItsName() => Assert.Equal(Kinds, Enum.GetValues<ErrorKind>().Select(AttemptCause.Of));

    [Fact]
    public void Of_EveryOutcome_IsAnsweredOnlyForSuccess()
    {
        var causes = Enum.GetValues<AttemptOutcome>().ToDictionary(outcome => outcome, outcome => AttemptCause.Of(outcome, ErrorKind.RateLimit));

        Assert.Equal("answered", causes[AttemptOutcome.Succeeded]);
        Assert.Equal("rate_limit", causes[AttemptOutcome.Failed]);
        Assert.Equal("client_gone", causes[AttemptOutcome.ClientGone]);
        Assert.Equal("superseded", causes[AttemptOutcome.Superseded]);
        Assert.Equal("abandoned", causes[AttemptOutcome.Abandoned]);
        Assert.Equal(5, causes.Values.Distinct().Count());
        Assert.Equal("failed", AttemptCause.Of(AttemptOutcome.Failed, null));
    }
}
