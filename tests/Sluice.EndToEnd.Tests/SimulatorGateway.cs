using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>One Sluice for a test class, with nothing configured: the built-in simulator answers.</summary>
public sealed class SimulatorGateway : IAsyncLifetime
{
    private SluiceProcess? _process;

    public SluiceProcess Sluice => _process ?? throw new InvalidOperationException("Not started.");

    public Uri Url => Sluice.Url;

    public string Key => Sluice.ClientKey;

    public async ValueTask InitializeAsync() => _process = await SluiceProcess.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
