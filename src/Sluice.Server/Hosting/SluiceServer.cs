using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Routing;
using Sluice.Server.Admin;
using Sluice.Server.Attempts;
using Sluice.Server.Ingress;
using Sluice.Server.Operations;
using Sluice.Server.Settlement;
using Sluice.Server.Surfaces;
using Sluice.Simulator;
using Sluice.Storage;
using Sluice.Storage.Identity;
using Sluice.Upstreams;

namespace Sluice.Server.Hosting;

/// <summary>One serving Sluice: the store, the simulator where it is a provider, the way out, and Kestrel in front. Everything is put together here, by hand, in the order in which it is needed.</summary>
public sealed class SluiceServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConfigWatcher _watcher;
    private readonly LedgerStore _store;
    private readonly UpstreamClient _upstreams;
    private readonly SimulatorHost? _simulator;
    private readonly BodyBudget _bodies;
    private readonly Drain _drain;
    private readonly TimeProvider _time;
    private bool _stopped;

    private SluiceServer(WebApplication app, ConfigWatcher watcher, LedgerStore store, UpstreamClient upstreams, SimulatorHost? simulator, BodyBudget bodies, Drain drain, TimeProvider time, string? firstKey)
    {
        _app = app;
        _bodies = bodies;
        _watcher = watcher;
        _store = store;
        _upstreams = upstreams;
        _simulator = simulator;
        _drain = drain;
        _time = time;
        FirstKey = firstKey;
    }

    /// <summary>The client key made on an empty data folder; null on any other.</summary>
    public string? FirstKey { get; }

    /// <summary>The configuration that serves.</summary>
    public ConfigSnapshot Configuration => _watcher.Current;

    /// <summary>Addresses that listen, with the ports that the system chose; empty before <see cref="StartAsync"/>.</summary>
    public IReadOnlyList<string> Urls { get; private set; } = [];

    /// <summary>Bytes of request bodies held now; zero when nothing is in flight.</summary>
    internal long HeldBodyBytes => _bodies.Held;

    /// <summary>Completes when the process was asked to stop.</summary>
    public Task Stopping => WaitForAsync(_app.Lifetime.ApplicationStopping);

    /// <summary>Loads the configuration and opens the store; nothing listens yet.</summary>
    /// <exception cref="StartRefusedException">The configuration is wrong, or the data folder cannot be used.</exception>
    public static async Task<SluiceServer> CreateAsync(ServeOptions options)
    {
        var sources = options.Sources();
        var loaded = ConfigLoader.Load(sources);
        if (loaded.Snapshot is not { } first)
        {
            throw new StartRefusedException(isUsage: true, string.Join(Environment.NewLine, loaded.Errors));
        }

        // Empty: the usual builder reads appsettings files and watches the working folder, where every write to the ledger would wake it.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "sluice" });
        var time = options.Time;
        var drain = new Drain(options.Drain, time);
        ConfigureHost(builder, first, drain);

        UpstreamClientOptions outward;
        try
        {
            outward = new UpstreamClientOptions();
        }
        catch (FormatException e)
        {
            throw new StartRefusedException(isUsage: true, e.Message);
        }

        LedgerStore store;
        try
        {
            store = await LedgerStore.OpenAsync(new LedgerOptions
            {
                DataFolder = first.Server.DataFolder,
                Storage = first.Server.Storage,
                SyncLedger = first.Server.SyncLedger,
            }, time, LoggerFactory(builder).CreateLogger<LedgerStore>());
        }
        catch (Exception e) when (e is DataFolderInUseException or StoreUnusableException)
        {
            throw new StartRefusedException(isUsage: false, e.Message);
        }

        var keys = new KeyRing(time);
        var directory = new IdentityDirectory(store.Identity, keys, time);
        var firstKey = await directory.EnsureFirstKeyAsync(CancellationToken.None);
        var adminKey = AdminKeyFile.Ensure(first.Server.DataFolder, first.Auth.AdminKey);
        keys.SetAdminKey(adminKey);

        var simulator = first.Providers.Any(p => p.Kind == ProviderKind.Simulator)
            ? await SimulatorHost.StartAsync(new SimulatorOptions { Time = time, MaxRecords = 0, MaxRecordedBodyBytes = 0 })
            : null;
        var upstreams = new UpstreamClient(outward with { SimulatorAddress = simulator?.Address });
        var health = new HealthBoard(time);
        health.Reload(first);
        var affinity = new SessionAffinity(time);
        var planner = new Planner(health, affinity, time);
        var settler = new Settler(store, time);

        // Backoff only has to differ between processes, so any seed will do; a fixed one would make all of them knock together.
        var attempts = new AttemptServices(upstreams, health, affinity, store, settler, new RetryBudget(time), new RefusedBetas(time), time, new Random(Environment.ProcessId), drain.Over);
        var budget = new BodyBudget(first.Server.MaxBuffered ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);
        var bodies = new BodyReader(budget);

        builder.Services.AddSingleton<IKeyRing>(keys);
        builder.Services.AddSingleton(directory);
        builder.Services.AddSingleton<ILedgerQueries>(store);
        builder.Services.AddSingleton(time);
        var startedAt = time.GetUtcNow();
        var watcher = new ConfigWatcher(options.Sources, loaded, sources, time);
        builder.Services.AddSingleton<IStatusSource>(new StatusSource(() => watcher.Current, () => watcher.LastErrors, health, startedAt, time));
        builder.Services.AddSingleton<IModelResolver>(new ModelResolver(() => watcher.Current));
        var app = builder.Build();
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Sluice");
        var told = first.Warnings;
        watcher.Changed += snapshot =>
        {
            health.Reload(snapshot);
            upstreams.Reload(snapshot);
            if (snapshot.Auth.AdminKey is { } changedKey)
            {
                keys.SetAdminKey(changedKey);
            }

            HostingLog.Reloaded(log);
            LogWarnings(log, snapshot.Warnings.Except(told, StringComparer.Ordinal));
            told = snapshot.Warnings;
        };
        watcher.Failed += errors => HostingLog.ReloadRefused(log, string.Join(' ', errors));
        LogWarnings(log, first.Warnings);

        var pipeline = new InferencePipeline(() => watcher.Current, keys, bodies, planner, attempts, settler, time,
            app.Services.GetRequiredService<ILogger<InferencePipeline>>());
        var entry = new RequestEntry(pipeline, new Surfaces.ModelsApi(() => watcher.Current, keys),
            new OperationsApi(() => watcher.Current, () => watcher.LastErrors, () => drain.Begun), drain);
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            HostingLog.Stopping(log, options.Drain.TotalSeconds);
            drain.Begin();
        });
        app.Use((http, next) => entry.InvokeAsync(http, next));
        app.UseRouting();
        app.MapAdminApi();

        return new SluiceServer(app, watcher, store, upstreams, simulator, budget, drain, time, firstKey);
    }

    /// <summary>Starts listening.</summary>
    public async Task StartAsync()
    {
        try
        {
            await _app.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new StartRefusedException(isUsage: false, $"{e.Message} Choose another address with --urls or server.urls.");
        }

        Urls = [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        new ServeRecord(Urls[0], Environment.ProcessId, _time.GetUtcNow()).Write(_watcher.Current.Server.DataFolder);
    }

    /// <summary>Looks at the configuration file now.</summary>
    public void ReloadNow() => _watcher.ReloadNow();

    /// <summary>Takes no new requests, lets open streams finish within the drain time, and closes the store.</summary>
    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            _watcher.Dispose();
            ServeRecord.Remove(_watcher.Current.Server.DataFolder);
            try
            {
                await _app.StopAsync();
            }
            catch (OperationCanceledException)
            {
                // Clients that read nothing any more were cut at last; what follows still has to be closed in order.
            }

            await _app.DisposeAsync();
            _drain.Dispose();
            await _upstreams.DisposeAsync();
            if (_simulator is not null)
            {
                await _simulator.DisposeAsync();
            }

            await _store.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private static void ConfigureHost(WebApplicationBuilder builder, ConfigSnapshot first, Drain drain)
    {
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls([.. first.Server.Urls]);
        builder.Services.AddRoutingCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // A slow reader of a slow stream is normal here, and the body's own limit is the configuration's.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestBodySize = null;

            // Without TLS, which belongs in front of Sluice, HTTP/2 cannot be agreed on.
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = drain.CutAfter);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });

        // Standard output belongs to what commands print; logs go beside it.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // A start that fails is told in words by whoever called; the host would add a stack trace.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Logging.SetMinimumLevel(LogLevel.Information);
    }

    private static void LogWarnings(ILogger log, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
        {
            HostingLog.ConfigurationWarning(log, warning);
        }
    }

    private static ILoggerFactory LoggerFactory(WebApplicationBuilder builder) =>
        builder.Services.BuildServiceProvider().GetRequiredService<ILoggerFactory>();

    private static async Task WaitForAsync(CancellationToken token)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (token.Register(source.SetResult))
        {
            await source.Task;
        }
    }
}
