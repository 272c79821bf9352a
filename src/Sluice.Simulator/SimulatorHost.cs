using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Sluice.Simulator;

/// <summary>
/// A provider that needs no network and no key: a real HTTP server on the loopback address that speaks the vendors' wire formats, generates answers,
/// caches prompts, limits rates, and goes wrong as told. Dispose to stop it; open streams are cut.
/// </summary>
public sealed class SimulatorHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SimulatorHost(WebApplication app, Uri address, SimulatorScript script, SimulatorRecord record)
    {
        _app = app;
        Address = address;
        Script = script;
        Record = record;
    }

    /// <summary>Where it listens: <c>http://127.0.0.1:PORT/</c>.</summary>
    public Uri Address { get; }

    /// <summary>What to do wrong or to replay.</summary>
    public SimulatorScript Script { get; }

    /// <summary>What was received.</summary>
    public SimulatorRecord Record { get; }

    /// <summary>Starts a simulator.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<SimulatorHost> StartAsync(SimulatorOptions options, CancellationToken ct = default)
    {
        var script = new SimulatorScript(options.Seed);
        var record = new SimulatorRecord(options.MaxRecords, options.MaxRecordedBodyBytes);
        var exchange = new Exchange(options, script, record);

        // The empty builder: no configuration files, environment, logging or routing, whose costs would show in benchmarks of the gateway.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
            {
                // Who prepares answers or keeps no record is measuring: the tap would be part of the bill.
                if (options is { MaxRecords: > 0, PreparedAnswers: false })
                {
                    listen.Use(HeadTap.Attach);
                }
            });
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = 256 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 1000;

            // Tests pause on purpose, on both sides.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(static host => host.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        app.Run(exchange.HandleAsync);
        await app.StartAsync(ct);
        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        return new SimulatorHost(app, new Uri(addresses.First()), script, record);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _app.StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // Asked not to wait: streams that stall by script would hold the stop for ever.
        }

        await _app.DisposeAsync();
    }
}
