using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Upstreams.Credentials;

/// <summary>
/// Keeps one secret and renews it before it ends, one renewal at a time. While the old one still holds, calls go on with it and nobody waits; a renewal
/// that failed is not tried again for a while, so that an endpoint that refuses is not asked once for each call.
/// </summary>
internal sealed class LeaseCache<T>(ISecretSource<T> source, TimeProvider time) : IDisposable
    where T : class
{
    // Clouds hand out tokens for an hour and keys for one to twelve; five minutes before the end is what their own libraries take.
    private static readonly TimeSpan RenewAhead = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestRenewal = TimeSpan.FromSeconds(30);

    // A token that was refused while it was new will not get better by being replaced.
    private static readonly TimeSpan ShortestUse = TimeSpan.FromSeconds(60);

    private readonly Lock _state = new();
    private readonly CancellationTokenSource _closed = new();
    private volatile Kept? _kept;
    private Task<Issued<T>>? _renewal;

    /// <summary>The secret, or why there is none.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<Issued<T>> GetAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return _kept is { } kept && now < kept.RenewAt ? new(kept.Issued) : RenewedAsync(now, cancellationToken);
    }

    /// <summary>The upstream did not take it.</summary>
    public void Refused()
    {
        lock (_state)
        {
            if (_kept is { Issued.Value: not null } kept && time.GetUtcNow() - kept.Since >= ShortestUse)
            {
                _kept = null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    private async ValueTask<Issued<T>> RenewedAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        Task<Issued<T>> renewal;
        Kept? kept;
        lock (_state)
        {
            kept = _kept;
            if (kept is not null && now < kept.RenewAt)
            {
                return kept.Issued;
            }

            if (_renewal is null || _renewal.IsCompleted)
            {
                _renewal = Task.Run(RenewAsync, CancellationToken.None);
            }

            renewal = _renewal;
        }

        return kept is { Issued.Value: not null } && now < kept.Issued.ExpiresAt ? kept.Issued : await renewal.WaitAsync(cancellationToken);
    }

    private async Task<Issued<T>> RenewAsync()
    {
        Issued<T> issued;
        using (var limit = new CancellationTokenSource(LongestRenewal, time))
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closed.Token))
        {
            try
            {
                issued = await source.IssueAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                issued = Issued<T>.Unreachable($"The provider's token endpoint did not answer within {LongestRenewal.TotalSeconds:0} s. Check that it can be reached from here, and HTTPS_PROXY.");
            }
        }

        var now = time.GetUtcNow();
        lock (_state)
        {
            if (issued.Fault is null)
            {
                var quarter = (issued.ExpiresAt - now) / 4;
                var renewAt = issued.ExpiresAt - (quarter < RenewAhead ? quarter : RenewAhead);
                _kept = new Kept(issued, now, renewAt > now ? renewAt : now + TimeSpan.FromSeconds(1));
            }
            else
            {
                // What is still good stays in use.
                var last = _kept is { Issued.Value: not null } kept && now < kept.Issued.ExpiresAt ? kept.Issued : issued;
                _kept = new Kept(last, _kept?.Since ?? now, now + AfterFailure);
            }
        }

        return issued;
    }

    private sealed record Kept(Issued<T> Issued, DateTimeOffset Since, DateTimeOffset RenewAt);
}
