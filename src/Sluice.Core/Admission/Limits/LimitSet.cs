namespace Sluice.Core.Admission.Limits;

/// <summary>What somebody is allowed; 0 is no limit.</summary>
public sealed record LimitSet
{
    /// <summary>Nothing is limited.</summary>
    public static readonly LimitSet None = new();

    /// <summary>Requests in any 60 seconds.</summary>
    public long RequestsPerMinute { get; init; }

    /// <summary>Input tokens in any 60 seconds.</summary>
    public long InputPerMinute { get; init; }

    /// <summary>Output tokens in any 60 seconds.</summary>
    public long OutputPerMinute { get; init; }

    /// <summary>Requests in a day, which begins at midnight UTC.</summary>
    public long RequestsPerDay { get; init; }

    /// <summary>How many of a minute's requests may start at once; 1 spaces them evenly. 0: all of them.</summary>
    public long Burst { get; init; }

    /// <summary>Requests under way at once.</summary>
    public long Concurrency { get; init; }

    /// <summary>Nothing is limited.</summary>
    public bool IsNone => this == None;

    /// <summary>A request's size counts, not only that it is one.</summary>
    public bool CountsTokens => InputPerMinute > 0 || OutputPerMinute > 0;

    /// <summary>The first thing that cannot be meant, one sentence; null where all is well.</summary>
    public string? Fault()
    {
        foreach (var (name, value) in (ReadOnlySpan<(string, long)>)
            [("rpm", RequestsPerMinute), ("input_tpm", InputPerMinute), ("output_tpm", OutputPerMinute), ("rpd", RequestsPerDay), ("burst", Burst), ("concurrency", Concurrency)])
        {
            if (value is < 0 or > Most)
            {
                return $"{name} is {value}; allowed: a whole number from 0 (no limit) to {Most}.";
            }
        }

        return Burst > 0 && RequestsPerMinute == 0 ? $"burst is {Burst} without rpm: it says how many of a minute's requests may start at once; set rpm too." : null;
    }

    /// <summary>No account comes near it, and sums of it cannot overflow.</summary>
    public const long Most = 1_000_000_000_000;
}
