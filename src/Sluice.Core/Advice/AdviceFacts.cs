namespace Sluice.Core.Advice;

/// <summary>Everything that advice is made of: what the ledger holds of one span, already summed but for the attempts of hours in which something failed.</summary>
public sealed record AdviceFacts
{
    /// <summary>What was looked at. All that follows lies within it.</summary>
    public required AdviceSpan Span { get; init; }

    /// <summary>Attempts and requests by day.</summary>
    public IReadOnlyList<DaySum> Days { get; init; } = [];

    /// <summary>Attempts that brought no answer, by hour.</summary>
    public IReadOnlyList<FailureHour> Failures { get; init; } = [];

    /// <summary>Who asked which provider how often.</summary>
    public IReadOnlyList<UserAsks> Users { get; init; } = [];

    /// <summary>Who spent what on what.</summary>
    public IReadOnlyList<Spending> Spending { get; init; } = [];

    /// <summary>What of it has neither project nor session nor tags.</summary>
    public IReadOnlyList<UntracedSpending> Untraced { get; init; } = [];

    /// <summary>The attempts of hours in which a provider failed, in any order.</summary>
    public IReadOnlyList<AttemptGlimpse> Attempts { get; init; } = [];

    /// <summary>How many such hours there are; more than were read is told.</summary>
    public int HoursWithOutages { get; init; }

    /// <summary>Of how many of them <see cref="Attempts"/> are: those with the most failures.</summary>
    public int HoursRead { get; init; }
}

/// <summary>One day of one model at one provider, by what became of it.</summary>
/// <param name="Day">UTC.</param>
/// <param name="Provider">Null for requests that no provider was asked for.</param>
/// <param name="Model">Null for names that mean nothing.</param>
/// <param name="Cause">See <see cref="Ledger.AttemptCause"/>.</param>
/// <param name="Requests">Whose first attempt this was.</param>
/// <param name="Attempts">First ones and later ones.</param>
public sealed record DaySum(DateOnly Day, string? Provider, string? Model, string Cause, long Requests, long Attempts);

/// <summary>Attempts of one hour that failed alike.</summary>
/// <param name="Hour">Its beginning, UTC.</param>
/// <param name="Provider">Whose.</param>
/// <param name="Model">Canonical.</param>
/// <param name="Cause">See <see cref="Ledger.AttemptCause"/>.</param>
/// <param name="Attempts">How many.</param>
public sealed record FailureHour(DateTimeOffset Hour, string Provider, string Model, string Cause, long Attempts)
{
    /// <summary>UTC.</summary>
    public DateOnly Day => DateOnly.FromDateTime(Hour.UtcDateTime);
}

/// <summary>How often one user asked one provider.</summary>
public sealed record UserAsks(string User, string Provider, long Attempts);

/// <summary>What one user spent on one project.</summary>
/// <param name="User">Who.</param>
/// <param name="Project">Null where nobody said.</param>
/// <param name="CostNanoUsd">Nano-dollars.</param>
/// <param name="Unpriced">Attempts with tokens that have no known price.</param>
public sealed record Spending(string User, string? Project, long CostNanoUsd, long Unpriced = 0);

/// <summary>What one user spent and nothing says what for.</summary>
/// <param name="User">Who.</param>
/// <param name="CostNanoUsd">Nano-dollars.</param>
public sealed record UntracedSpending(string User, long CostNanoUsd);

/// <summary>As much of an attempt as an outage shows in.</summary>
/// <param name="RequestId">Of which request.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="Provider">Who was asked.</param>
/// <param name="Model">Canonical.</param>
/// <param name="Cause">See <see cref="Ledger.AttemptCause"/>.</param>
public sealed record AttemptGlimpse(string RequestId, DateTimeOffset StartedAt, string Provider, string Model, string Cause);
