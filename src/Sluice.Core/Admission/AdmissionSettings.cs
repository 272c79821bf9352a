using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission;

/// <summary>Between whom scarce quota is shared equally.</summary>
public enum ShareBy
{
    /// <summary>Developers.</summary>
    User,

    /// <summary>Teams.</summary>
    Team,

    /// <summary>Projects.</summary>
    Project,

    /// <summary>Keys.</summary>
    Key,
}

/// <summary>What the file says of limits of callers, of shares and of waiting.</summary>
public sealed record AdmissionSettings
{
    /// <summary>Of every key that has no limits of its own.</summary>
    public LimitSet DefaultKey { get; init; } = LimitSet.None;

    /// <summary>What each user may ask of free models.</summary>
    public LimitSet Free { get; init; } = LimitSet.None;

    /// <summary>The first words of every refusal by a limit of callers.</summary>
    public string Message { get; init; } = "Rate limit exceeded.";

    /// <summary>Between whom.</summary>
    public ShareBy ShareBy { get; init; }

    /// <summary>Interactive requests for each of the background, while both wait.</summary>
    public double InteractiveWeight { get; init; } = 4;

    /// <summary>The longest that a request waits in all; zero: none waits.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many may wait.</summary>
    public int MaxWaiting { get; init; } = 1000;
}
