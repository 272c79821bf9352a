using Sluice.Protocols.Errors;

namespace Sluice.Server.Hosting;

/// <summary>
/// The way out of a serving process: from <see cref="Begin"/> on new requests are refused, what runs may finish within the drain time, and what
/// still runs then is told so in its client's own protocol. Cut streams look like network faults, which agents repeat at once and for ever.
/// </summary>
internal sealed class Drain : IDisposable
{
    // After the drain time every open request still has to write its last event and its ledger rows.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    // Long enough for a restart or for another instance to be found, short enough that an agent waits for it.
    private static readonly TimeSpan ComeBackAfter = TimeSpan.FromSeconds(5);

    private readonly TimeSpan _length;
    private readonly CancellationTokenSource _over;
    private volatile bool _begun;

    /// <param name="length">How long open requests may go on after the stop was asked for.</param>
    /// <param name="time">The clock.</param>
    public Drain(TimeSpan length, TimeProvider time)
    {
        _length = length;
        _over = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>A stop was asked for.</summary>
    public bool Begun => _begun;

    /// <summary>Cancelled when the drain time is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>When connections that will not end are cut.</summary>
    public TimeSpan CutAfter => _length + Farewell;

    /// <summary>Starts the drain time; a second call changes nothing.</summary>
    public void Begin()
    {
        if (!_begun)
        {
            _begun = true;
            _over.CancelAfter(_length);
        }
    }

    /// <summary>What a request hears that arrives after the stop was asked for.</summary>
    public static GatewayError Refusal() => new(ErrorKind.Overloaded, ErrorSource.Gateway, 503,
        "Sluice is stopping and takes no new requests. Try again in a few seconds.")
    {
        RetryAfter = ComeBackAfter,
        Remedy = "Try again in a few seconds.",
    };

    /// <summary>What a request hears that was still open when the drain time was over.</summary>
    public static GatewayError CutShort(string requestId) => new(ErrorKind.Overloaded, ErrorSource.Gateway, 503,
        "Sluice is stopping and could not wait for the rest of this answer. Send the request again in a few seconds.")
    {
        RetryAfter = ComeBackAfter,
        Remedy = "Send the request again in a few seconds.",
        RequestId = requestId,
    };

    /// <inheritdoc/>
    public void Dispose() => _over.Dispose();
}
