using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Attempts;

/// <summary>
/// How long one request may take in all, over every attempt and every wait between them. Until the client has heard anything it is also bounded by
/// how long the client says it waits: from then on the client waits as long as something comes.
/// </summary>
internal sealed class RequestDeadline : IDisposable
{
    // Told a little before the client leaves, or it would never hear why.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly InferenceRequest _request;
    private readonly TimeSpan _length;
    private readonly string _setBy;
    private readonly TimeSpan? _patience;
    private readonly CancellationTokenSource _source;
    private readonly ITimer _timer;

    private RequestDeadline(InferenceRequest request, TimeSpan length, string setBy, TimeProvider time, CancellationToken drainOver)
    {
        _time = time;
        _request = request;
        (_length, _setBy) = (length, setBy);
        _patience = request.Facts.Patience is { } patience && patience - Farewell < length ? Longer(patience - Farewell, patience / 2) : null;
        _source = CancellationTokenSource.CreateLinkedTokenSource(drainOver);
        _timer = time.CreateTimer(static state => ((RequestDeadline)state!).Check(), this, Longer(TimeSpan.Zero, (_patience ?? length) - Elapsed), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled when the deadline has passed, and when a stopping process can wait no longer.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The deadline has passed.</summary>
    public bool Passed { get; private set; }

    private TimeSpan Elapsed => _time.GetUtcNow() - _request.StartedAt;

    /// <summary>Null where neither the configuration nor the rule that the request was planned by sets one.</summary>
    public static RequestDeadline? Of(InferenceRequest request, TimeProvider time, CancellationToken drainOver)
    {
        if (request.Plan.Rule is { } rule && request.Snapshot.Rules.DeadlineOf(rule) is { } own)
        {
            return new RequestDeadline(request, own, $"the deadline of rule '{rule}'", time, drainOver);
        }

        var length = request.Snapshot.RequestTimeout;
        return length > TimeSpan.Zero ? new RequestDeadline(request, length, "timeouts.request", time, drainOver) : null;
    }

    /// <summary>What the client is told, and what every attempt that was still open has failed of: no provider is to blame.</summary>
    public GatewayError Error()
    {
        var request = _request;
        var isPatience = _patience is not null && Elapsed < _length;
        var limit = isPatience ? request.Facts.Patience!.Value : _length;
        var setBy = isPatience ? "the client waits no longer" : _setBy;
        foreach (var attempt in request.Attempts)
        {
            if (!attempt.Settled)
            {
                attempt.Fault = FaultClassifier.Deadline(limit, setBy);
            }
        }

        var trail = request.Attempts.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" Asked by then: {string.Join(", ", request.Attempts.Select(a => a.Row.Provider))}.");
        var remedy = isPatience ? "Let the client wait longer, ask for a stream, or ask for less." : $"Raise {_setBy}, ask for less, or route to a quicker model.";
        return new GatewayError(ErrorKind.Timeout, ErrorSource.Gateway, StatusCodes.Status408RequestTimeout, string.Create(CultureInfo.InvariantCulture,
            $"The request's deadline of {limit.TotalSeconds:0.###} s has passed ({setBy}).{trail} {remedy}"))
        {
            RequestId = request.Id,
            Reason = "deadline",
            Limit = string.Create(CultureInfo.InvariantCulture, $"{setBy}: {limit.TotalSeconds:0.###} s"),
            Remedy = remedy,
            Attempts = [.. request.Attempts.Where(a => a.Fault is not null).Select(a => a.Summarise())],
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        _source.Dispose();
    }

    private void Check()
    {
        if (Elapsed < _length && (_request.Http.Response.HasStarted || _request.Detached is { RunsOn: true }))
        {
            _timer.Change(_length - Elapsed, Timeout.InfiniteTimeSpan);
            return;
        }

        Passed = true;
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The request ended while the timer fired.
        }
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
