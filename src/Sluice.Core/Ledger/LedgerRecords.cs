using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Ledger;

/// <summary>How an attempt ended.</summary>
public enum AttemptOutcome
{
    /// <summary>It answered, and the answer was delivered.</summary>
    Succeeded,

    /// <summary>It failed; <see cref="AttemptSettled.Fault"/> says how.</summary>
    Failed,

    /// <summary>The client went away while it ran.</summary>
    ClientGone,

    /// <summary>It answered without content, and a later candidate did better; or it was cancelled, since another that was asked beside it answered first.</summary>
    Superseded,

    /// <summary>The process died while it ran; completed at the next start.</summary>
    Abandoned,
}

/// <summary>Who and what an attempt belongs to: written when it starts, so that nothing is lost if the process dies.</summary>
public sealed record AttemptStarted
{
    /// <summary>Unique: <c>att-…</c>; the store is idempotent by it.</summary>
    public required string AttemptId { get; init; }

    /// <summary>The <c>gen-…</c> id.</summary>
    public required string RequestId { get; init; }

    /// <summary>From 1, within the request.</summary>
    public required int Ordinal { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Who.</summary>
    public required string KeyId { get; init; }

    /// <summary>Who.</summary>
    public required string User { get; init; }

    /// <summary>Who.</summary>
    public string? Team { get; init; }

    /// <summary>What for.</summary>
    public string? Project { get; init; }

    /// <summary>The agent conversation.</summary>
    public string? Session { get; init; }

    /// <summary>Client program: <c>claude-code</c>, <c>openai-sdk</c>, …</summary>
    public string? Client { get; init; }

    /// <summary>Canonical model.</summary>
    public required string Model { get; init; }

    /// <summary>The provider's slug.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's name of the model.</summary>
    public required string UpstreamModel { get; init; }

    /// <summary>Credential id, never the secret.</summary>
    public string? Credential { get; init; }

    /// <summary>The client's format.</summary>
    public required WireProtocol ClientProtocol { get; init; }

    /// <summary>The upstream's format.</summary>
    public required WireProtocol UpstreamProtocol { get; init; }

    /// <summary>Input tokens as counted before sending: what an abandoned attempt is charged with, marked estimated.</summary>
    public required long EstimatedInputTokens { get; init; }

    /// <summary>What those cost, in nano-dollars; null where the price is not known.</summary>
    public long? EstimatedCostNanoUsd { get; init; }
}

/// <summary>How an attempt ended and what it cost.</summary>
public sealed record AttemptSettled
{
    /// <summary>Of <see cref="AttemptStarted"/>.</summary>
    public required string AttemptId { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>How it ended.</summary>
    public required AttemptOutcome Outcome { get; init; }

    /// <summary>What went wrong, for failures.</summary>
    public ErrorKind? Fault { get; init; }

    /// <summary>HTTP status of the upstream.</summary>
    public int? Status { get; init; }

    /// <summary>What the upstream said, bounded to 4 KiB, secrets removed.</summary>
    public string? Message { get; init; }

    /// <summary>The provider's own id of the call.</summary>
    public string? UpstreamRequestId { get; init; }

    /// <summary>Milliseconds from sending to the first content.</summary>
    public long? FirstTokenMs { get; init; }

    /// <summary>Counts as reported, or as estimated where <see cref="UsageIsEstimated"/>.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>The upstream did not report all counts.</summary>
    public bool UsageIsEstimated { get; init; }

    /// <summary>Nano-dollars.</summary>
    public required long CostNanoUsd { get; init; }

    /// <summary>Some tokens had no known price.</summary>
    public bool IsUnpriced { get; init; }

    /// <summary>Where the unit rates came from.</summary>
    public string? PriceSource { get; init; }
}

/// <summary>One client request as a whole.</summary>
public sealed record RequestSettled
{
    /// <summary>The <c>gen-…</c> id.</summary>
    public required string RequestId { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>Who.</summary>
    public required string KeyId { get; init; }

    /// <summary>Who.</summary>
    public required string User { get; init; }

    /// <summary>Who.</summary>
    public string? Team { get; init; }

    /// <summary>What for.</summary>
    public string? Project { get; init; }

    /// <summary>The agent conversation.</summary>
    public string? Session { get; init; }

    /// <summary>Client program.</summary>
    public string? Client { get; init; }

    /// <summary>The model as the client named it, bounded to 256 characters.</summary>
    public required string RequestedModel { get; init; }

    /// <summary>Canonical model that answered, or would have.</summary>
    public string? Model { get; init; }

    /// <summary>The client's format.</summary>
    public required WireProtocol ClientProtocol { get; init; }

    /// <summary>The client asked for a stream.</summary>
    public bool Stream { get; init; }

    /// <summary>Status that the client saw.</summary>
    public required int Status { get; init; }

    /// <summary>The error's kind, where there was one.</summary>
    public ErrorKind? Error { get; init; }

    /// <summary>The error's source, where there was one.</summary>
    public ErrorSource? ErrorSource { get; init; }

    /// <summary>One sentence; bounded.</summary>
    public string? Cause { get; init; }

    /// <summary>One sentence; bounded.</summary>
    public string? Remedy { get; init; }

    /// <summary>The reason for the route, one short phrase.</summary>
    public string? Route { get; init; }

    /// <summary>How many attempts.</summary>
    public int Attempts { get; init; }

    /// <summary>Degradations, as <c>feature=outcome</c>, comma-separated.</summary>
    public string? Degraded { get; init; }

    /// <summary>The plan as JSON: whom it would have asked and why, and <c>left_out</c>, whom not; bounded. Rows of earlier versions hold the list of the latter alone. Null where there was nothing to choose.</summary>
    public string? LeftOut { get; init; }

    /// <summary>Tags of the request header, as <c>k=v,k=v</c>; bounded.</summary>
    public string? Tags { get; init; }
}

/// <summary>The append-only ledger as the request path sees it.</summary>
public interface ILedger
{
    /// <summary>Appends the start of an attempt; completes once it is handed to the operating system.</summary>
    ValueTask AppendAsync(AttemptStarted record);

    /// <summary>Appends the end of an attempt; completes once it is handed to the operating system.</summary>
    ValueTask AppendAsync(AttemptSettled record);

    /// <summary>Appends the end of a request's last attempt and the request in one write, as most requests end.</summary>
    ValueTask AppendAsync(AttemptSettled attempt, RequestSettled request);

    /// <summary>Appends a whole request; completes once it is handed to the operating system.</summary>
    ValueTask AppendAsync(RequestSettled record);
}
