using System.Net.Sockets;
using Sluice.Core.Configuration;
using Sluice.Server.Hosting;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Hosting;

/// <summary>When the built-in simulator runs.</summary>
public sealed class ProviderSimulatorTests
{
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(30);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Follow_ProviderGone_EndsItAfterAWhile()
    {
        await using var simulator = new ProviderSimulator(Lingering, _time);
        Assert.Null(simulator.Address);
        await simulator.FollowAsync(Snapshot("simulator"));
        var address = simulator.Address!;

        await simulator.FollowAsync(Snapshot("openai"));
        _time.Advance(Lingering - TimeSpan.FromSeconds(1));
        Assert.True(await ListensAsync(address));

        _time.Advance(TimeSpan.FromSeconds(2));
        await Kit.GatewayUnderTest.UntilAsync(() => simulator.Address is null, "the simulator's end");
        await simulator.DisposeAsync();
        Assert.False(await ListensAsync(address));
    }

    [Fact]
    public async Task Follow_ProviderBackInTime_KeepsIt()
    {
        await using var simulator = new ProviderSimulator(Lingering, _time);
        await simulator.FollowAsync(Snapshot("simulator"));
        var address = simulator.Address;
        await simulator.FollowAsync(Snapshot("openai"));

        await simulator.FollowAsync(Snapshot("simulator"));
        _time.Advance(Lingering * 2);

        Assert.Equal(address, simulator.Address);
        Assert.True(await ListensAsync(address!));
    }

    private static ConfigSnapshot Snapshot(string kind) => ConfigLoader.Load(new ConfigSources
    {
        BaseDirectory = "/somewhere",
        FilePath = "/somewhere/sluice.yaml",
        FileText = $"providers: [{{ name: a, kind: {kind}{(kind == "openai" ? ", api_keys: [key-of-a]" : "")} }}]",
    }).Snapshot!;

    private static async Task<bool> ListensAsync(Uri address)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(address.Host, address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
