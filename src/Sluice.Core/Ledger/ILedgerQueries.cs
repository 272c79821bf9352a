using Sluice.Core.Advice;

namespace Sluice.Core.Ledger;

/// <summary>What a report can be grouped by.</summary>
public enum ReportDimension
{
    /// <summary>The developer.</summary>
    User,

    /// <summary>The team.</summary>
    Team,

    /// <summary>What the money was spent on.</summary>
    Project,

    /// <summary>The canonical model.</summary>
    Model,

    /// <summary>The agent conversation.</summary>
    Session,

    /// <summary>The client program.</summary>
    Client,

    /// <summary>The provider.</summary>
    Provider,

    /// <summary>See <see cref="AttemptCause"/>.</summary>
    Cause,

    /// <summary>UTC day, <c>2026-11-21</c>.</summary>
    Day,

    /// <summary>The API key's id.</summary>
    Key,

    /// <summary>The week's Monday (UTC), <c>2026-11-16</c>.</summary>
    Week,

    /// <summary>UTC hour, <c>2026-11-21 13:00</c>.</summary>
    Hour,
}

/// <summary>One report.</summary>
/// <param name="By">Dimensions, each once; empty is one row with the total.</param>
/// <param name="Since">Inclusive; rounded down to the whole hour (UTC), since sums are kept by the hour.</param>
/// <param name="Until">Exclusive; rounded up to the whole hour (UTC).</param>
public sealed record ReportQuery(IReadOnlyList<ReportDimension> By, DateTimeOffset Since, DateTimeOffset Until)
{
    /// <summary>Only what brought no answer.</summary>
    public bool WasteOnly { get; init; }

    /// <summary>Most rows returned, dearest first.</summary>
    public int MaxRows { get; init; } = 10_000;
}

/// <summary>Sums of one group. Attempts count at the hour they started in.</summary>
public sealed record ReportRow
{
    /// <summary>One value for each dimension asked for, in that order; null is "none".</summary>
    public required IReadOnlyList<string?> Keys { get; init; }

    /// <summary>Requests whose first attempt is in the group, and requests of the group that were refused without any attempt.</summary>
    public long Requests { get; init; }

    /// <summary>Attempts that ended.</summary>
    public long Attempts { get; init; }

    /// <summary>Tokens.</summary>
    public long Input { get; init; }

    /// <summary>Tokens.</summary>
    public long CacheRead { get; init; }

    /// <summary>Tokens.</summary>
    public long CacheWrite5m { get; init; }

    /// <summary>Tokens.</summary>
    public long CacheWrite1h { get; init; }

    /// <summary>Tokens.</summary>
    public long Output { get; init; }

    /// <summary>Tokens; a part of <see cref="Output"/>.</summary>
    public long Reasoning { get; init; }

    /// <summary>Tokens.</summary>
    public long AudioInput { get; init; }

    /// <summary>Tokens.</summary>
    public long AudioOutput { get; init; }

    /// <summary>Searches.</summary>
    public long WebSearches { get; init; }

    /// <summary>Nano-dollars.</summary>
    public long CostNanoUsd { get; init; }

    /// <summary>Attempts whose usage is estimated.</summary>
    public long Estimated { get; init; }

    /// <summary>Attempts with tokens that have no known price: their cost is more than the sum says.</summary>
    public long Unpriced { get; init; }
}

/// <summary>A report's rows.</summary>
/// <param name="Rows">Dearest first.</param>
/// <param name="Truncated">There are more rows than the query allowed.</param>
public sealed record Report(IReadOnlyList<ReportRow> Rows, bool Truncated);

/// <summary>One attempt as it stands in the ledger.</summary>
/// <param name="Started">Who and what.</param>
/// <param name="Settled">Null while it runs.</param>
public sealed record AttemptTrail(AttemptStarted Started, AttemptSettled? Settled);

/// <summary>Everything the ledger knows of one request.</summary>
/// <param name="Request">Null while it runs, or when the process died before it was settled.</param>
/// <param name="Attempts">By ordinal.</param>
public sealed record RequestTrail(RequestSettled? Request, IReadOnlyList<AttemptTrail> Attempts);

/// <summary>A model name that meant nothing here.</summary>
/// <param name="Name">As clients wrote it; bounded.</param>
/// <param name="Requests">How often.</param>
public sealed record UnknownModel(string Name, long Requests);

/// <summary>A page of settled requests, the newest first. One that still runs is not among them.</summary>
/// <param name="Limit">Most lines.</param>
/// <param name="Before">Only what is older than this place, a <see cref="RequestList.Next"/> of an earlier page; null begins with the newest.</param>
/// <param name="FailedOnly">Only those whose client heard an error.</param>
public sealed record RequestListQuery(int Limit, long? Before = null, bool FailedOnly = false);

/// <summary>One request in a list.</summary>
/// <param name="Request">As it was settled.</param>
/// <param name="Provider">Of its last attempt; null where nobody was asked.</param>
/// <param name="CostNanoUsd">Of all its attempts.</param>
/// <param name="Unpriced">Attempts with tokens that have no known price: their cost is more than the sum says.</param>
public sealed record RequestLine(RequestSettled Request, string? Provider, long CostNanoUsd, long Unpriced);

/// <summary>A page of requests.</summary>
/// <param name="Lines">Newest first; may be fewer than asked for, or none, while older ones are left.</param>
/// <param name="Next">Where the next page begins; null when there is nothing older.</param>
public sealed record RequestList(IReadOnlyList<RequestLine> Lines, long? Next);

/// <summary>Questions to the ledger. Answers hold everything that was appended before the question.</summary>
public interface ILedgerQueries
{
    /// <summary>Sums by any dimensions.</summary>
    Task<Report> ReportAsync(ReportQuery query, CancellationToken cancellation);

    /// <summary>One request with all its attempts; null when the ledger does not know the id.</summary>
    Task<RequestTrail?> FindRequestAsync(string requestId, CancellationToken cancellation);

    /// <summary>Names that clients asked for and that meant nothing, the most frequent first: at most 20, out of the last 20,000 requests.</summary>
    Task<IReadOnlyList<UnknownModel>> UnknownModelsAsync(DateTimeOffset since, CancellationToken cancellation);

    /// <summary>What was spent by requests that carry neither project nor session nor tags, by user, the dearest first; whole UTC days.</summary>
    /// <param name="since">Inclusive.</param>
    /// <param name="until">Exclusive.</param>
    /// <param name="cancellation">Whoever asks has gone.</param>
    Task<IReadOnlyList<UntracedSpending>> UntracedSpendingAsync(DateOnly since, DateOnly until, CancellationToken cancellation);

    /// <summary>The ended attempts that started within some hours, in no order. Only those hours are read, and a margin around them.</summary>
    /// <param name="hours">Their beginnings, whole hours.</param>
    /// <param name="cancellation">Whoever asks has gone.</param>
    Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation);

    /// <summary>The newest requests, in the order in which they were settled.</summary>
    Task<RequestList> ListRequestsAsync(RequestListQuery query, CancellationToken cancellation);
}
