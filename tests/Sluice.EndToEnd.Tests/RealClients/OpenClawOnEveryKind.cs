using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>One OpenClaw server for a test class, before a Sluice with a provider of every kind.</summary>
public sealed class OpenClawOnEveryKind : IAsyncLifetime
{
    private OpenClawGateway? _openClaw;

    public EveryKind Gateway { get; } = new();

    /// <summary>Throws where the real clients are not installed, which a test says first.</summary>
    public OpenClawGateway OpenClaw => _openClaw ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync()
    {
        await Gateway.InitializeAsync();
        if (ClientsCache.WhyMissing is null)
        {
            _openClaw = await OpenClawGateway.StartAsync(Gateway.Sluice.Url, Gateway.Sluice.ClientKey, [.. UpstreamKinds.All.Select(kind => EveryKind.ModelOf(kind.Name))]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_openClaw is not null)
        {
            await _openClaw.DisposeAsync();
        }

        await Gateway.DisposeAsync();
    }
}
