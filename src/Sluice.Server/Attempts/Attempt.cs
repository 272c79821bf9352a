using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Ledger;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Server.ToolCalls;

namespace Sluice.Server.Attempts;

/// <summary>One call of one candidate, from its ledger row to its settlement.</summary>
internal sealed class Attempt
{
    /// <summary>The row written before anything is sent.</summary>
    public required AttemptStarted Row { get; init; }

    /// <summary>Whom.</summary>
    public required Candidate Candidate { get; init; }

    /// <summary>The wire spoken to the upstream.</summary>
    public required WireProtocol Wire { get; init; }

    /// <summary>Client and upstream speak the same: the client's bytes go out.</summary>
    public required bool Native { get; init; }

    /// <summary>What the translation could not carry.</summary>
    public required DegradationLog Degradations { get; init; }

    /// <summary>Completes when the row is with the operating system; no byte reaches the client before.</summary>
    public required Task RowWritten { get; init; }

    /// <summary>Clock value at sending.</summary>
    public required long SentAt { get; init; }

    /// <summary>It is the one attempt that an open circuit lets through; null for ordinary ones.</summary>
    public Probe? Probe { get; init; }

    /// <summary>Its place within the provider's limits, given back when it is over; null where nothing limits the provider.</summary>
    public Permit? Permit { get; set; }

    /// <summary>The money that is held for it until it is settled; null where there are no budgets.</summary>
    public Reservation? Held { get; init; }

    /// <summary>It was asked while another had shown nothing yet.</summary>
    public bool IsHedge { get; init; }

    /// <summary>Another was quicker: it was cancelled, and nothing of it reaches the client.</summary>
    public bool Lost { get; set; }

    /// <summary>Why this candidate was asked, one short phrase.</summary>
    public string Route => IsHedge ? "hedge" : Candidate.Reason;

    /// <summary>What went wrong.</summary>
    public UpstreamFault? Fault { get; set; }

    /// <summary>How long it ran, once it is over.</summary>
    public long Milliseconds { get; set; }

    /// <summary>From sending to the first content.</summary>
    public long? FirstTokenMs { get; set; }

    /// <summary>HTTP status of the upstream.</summary>
    public int? Status { get; set; }

    /// <summary>The provider's own id of the call.</summary>
    public string? UpstreamRequestId { get; set; }

    /// <summary>Counts as reported.</summary>
    public TokenUsage Usage { get; set; } = TokenUsage.Unknown;

    /// <summary>Bytes of content that came: what unreported output is estimated from.</summary>
    public long ContentBytes { get; set; }

    /// <summary>The tool calls of its answer, where they are counted; null elsewhere.</summary>
    public CalledTools? Called { get; set; }

    /// <summary>The upstream took the request to work on (success status, or it kept us waiting): its input is charged even if nothing came.</summary>
    public bool Accepted { get; set; }

    /// <summary>An error body that a client of the same protocol gets as it is; null for all others.</summary>
    public (ReadOnlyMemory<byte> Body, string? ContentType)? ErrorBody { get; set; }

    /// <summary>Content type and status of a whole answer that is passed on as it came; null for JSON with status 200.</summary>
    public (string ContentType, int Status)? Told { get; set; }

    /// <summary>It was refused for something that the request is tried without since (<see cref="Mending"/>).</summary>
    public bool Mended { get; set; }

    /// <summary>The settlement has been written.</summary>
    public bool Settled { get; set; }

    /// <summary>As an error body shows it.</summary>
    public AttemptSummary Summarise() => new(
        Candidate.Provider.Name, Candidate.Endpoint.UpstreamModel, Status, Fault?.Kind ?? ErrorKind.Internal, Milliseconds, UpstreamRequestId);
}
