using Sluice.Core.Configuration;
using Sluice.Simulator;

namespace Sluice.Server.Hosting;

/// <summary>The simulator behind providers of kind <c>simulator</c>: started with the first configuration that has one, stopped when none has had one for a while.</summary>
internal sealed class ProviderSimulator : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _lingering;
    private readonly SemaphoreSlim _changing = new(1);
    private readonly ITimer _end;
    private SimulatorHost? _host;
    private bool _wanted;
    private bool _disposed;

    /// <param name="lingering">How long it serves on after the last provider is gone: answers that run then may finish.</param>
    /// <param name="time">The clock.</param>
    public ProviderSimulator(TimeSpan lingering, TimeProvider time)
    {
        _time = time;
        _lingering = lingering;
        _end = time.CreateTimer(static state => _ = ((ProviderSimulator)state!).EndAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where it listens; null while there is none.</summary>
    public Uri? Address => Volatile.Read(ref _host)?.Address;

    /// <summary>Starts it where a provider needs it, so that it listens before the configuration comes into force; else lets it end.</summary>
    /// <exception cref="IOException">It cannot listen.</exception>
    public async Task FollowAsync(ConfigSnapshot snapshot)
    {
        await _changing.WaitAsync();
        try
        {
            _wanted = snapshot.Providers.Any(provider => provider.Kind == ProviderKind.Simulator);
            if (_wanted && !_disposed)
            {
                _end.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                if (_host is null)
                {
                    Volatile.Write(ref _host, await SimulatorHost.StartAsync(new SimulatorOptions { Time = _time, MaxRecords = 0, MaxRecordedBodyBytes = 0 }));
                }
            }
            else if (_host is not null)
            {
                _end.Change(_lingering, Timeout.InfiniteTimeSpan);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.DisposeAsync();
        await _changing.WaitAsync();
        _disposed = true;
        _wanted = false;
        _changing.Release();
        await EndAsync();
    }

    private async Task EndAsync()
    {
        await _changing.WaitAsync();
        try
        {
            if (!_wanted && _host is { } ending)
            {
                Volatile.Write(ref _host, null);
                await ending.DisposeAsync();
            }
        }
        finally
        {
            _changing.Release();
        }
    }
}
