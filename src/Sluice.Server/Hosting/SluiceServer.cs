using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sluice.Core.Admission;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Reasoning;
using Sluice.Core.Routing;
using Sluice.Core.Tokens;
using Sluice.Server.Admin;
using Sluice.Server.Admission;
using Sluice.Server.Attempts;
using Sluice.Server.Budgets;
using Sluice.Server.Detached;
using Sluice.Server.Diagnosis;
using Sluice.Server.Explain;
using Sluice.Server.Ingress;
using Sluice.Server.KeptAnswers;
using Sluice.Server.Media;
using Sluice.Server.Operations;
using Sluice.Server.Settlement;
using Sluice.Server.Surfaces;
using Sluice.Storage;
using Sluice.Storage.Identity;
using Sluice.Upstreams;

namespace Sluice.Server.Hosting;

/// <summary>One serving Sluice: the store, the simulator where it is a provider, the way out, and Kestrel in front. Everything is put together here, by hand, in the order in which it is needed.</summary>
public sealed class SluiceServer : IAsyncDisposable
{
    private readonly OpenParts _parts;
    private readonly WebApplication _app;
    private readonly ConfigWatcher _watcher;
    private readonly BodyBudget _bodies;
    private readonly TimeProvider _time;
    private bool _stopped;

    private SluiceServer(OpenParts parts, WebApplication app, ConfigWatcher watcher, BodyBudget bodies, AdmissionControl admission, BudgetBook budgets, TimeProvider time, string? firstKey)
    {
        _parts = parts;
        _app = app;
        _watcher = watcher;
        _bodies = bodies;
        Admission = admission;
        Budgets = budgets;
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

    /// <summary>Who is let in and who waits.</summary>
    internal AdmissionControl Admission { get; }

    /// <summary>Who has how much money left.</summary>
    internal BudgetBook Budgets { get; }

    /// <summary>Completes when the process was asked to stop.</summary>
    public Task Stopping => WaitForAsync(_app.Lifetime.ApplicationStopping);

    /// <summary>Loads the configuration and opens the store; nothing listens yet.</summary>
    /// <exception cref="StartRefusedException">The configuration is wrong, or the data folder cannot be used.</exception>
    public static async Task<SluiceServer> CreateAsync(ServeOptions options)
    {
        var sources = options.Sources();
        var loaded = options.Load(sources);
        if (loaded.Snapshot is not { } first)
        {
            throw new StartRefusedException(isUsage: true, string.Join(Environment.NewLine, loaded.Errors));
        }

        var parts = new OpenParts();
        try
        {
            return await OpenAsync(options, sources, loaded, first, parts);
        }
        catch (Exception e)
        {
            await parts.DisposeAsync();
            throw e switch
            {
                StartRefusedException => e,
                DataFolderInUseException or StoreUnusableException => new StartRefusedException(isUsage: false, e.Message),
                IOException or UnauthorizedAccessException => new StartRefusedException(isUsage: false, $"The data folder {first.Server.DataFolder} cannot be used: {e.Message}"),
                _ => new InvalidOperationException("Sluice could not be put together.", e),
            };
        }
    }

    private static async Task<SluiceServer> OpenAsync(ServeOptions options, ConfigSources sources, ConfigResult loaded, ConfigSnapshot first, OpenParts parts)
    {
        var time = options.Time;
        var outward = Outward();
        var loggers = parts.Add(ServerHost.Loggers(options.LowestLog));
        var log = loggers.CreateLogger("Sluice");
        var store = parts.Add(await LedgerStore.OpenAsync(new LedgerOptions
        {
            DataFolder = first.Server.DataFolder,
            Storage = first.Server.Storage,
            SyncLedger = first.Server.SyncLedger,
        }, time, loggers.CreateLogger<LedgerStore>()));
        IReasoningMemory reasoning = first.KeepReasoning > TimeSpan.Zero
            ? parts.Add(await ReasoningMemory.OpenAsync(store.Reasoning, new ReasoningMemoryOptions { Age = first.KeepReasoning }, time, CancellationToken.None))
            : await NoReasoningMemory.OpenAsync(store.Reasoning, time, CancellationToken.None);
        var keys = new KeyRing(time);
        keys.SetAdminKey(AdminKeyFile.Ensure(first.Server.DataFolder, first.Auth.AdminKey));
        var directory = parts.Add(new IdentityDirectory(store.Identity, keys, time));

        var simulator = parts.Add(new ProviderSimulator(options.Drain, time));
        await simulator.FollowAsync(first);
        var upstreams = parts.Add(new UpstreamClient(outward with { Simulator = () => simulator.Address, Time = time }));
        var health = new HealthBoard(time);
        health.Reload(first);
        parts.Add(HealthFile.Open(health, first.Server.DataFolder, time, log));
        var affinity = new SessionAffinity(time);
        parts.Add(await SessionKeeper.OpenAsync(affinity, store.Sessions, time, CancellationToken.None));
        var planner = new Planner(health, affinity, time);
        var estimates = new EstimateCorrection();
        var book = new BudgetBook(time) { Passed = standing => HostingLog.BudgetPassed(log, standing.Budget.Name.ToString(), standing.PercentSpent) };
        var slices = BudgetSharing.Keep(book, store.BudgetShare, time, log);
        var budgets = parts.Add(new BudgetDirectory(store.Budgets, new PastSpending(store), book, time));
        if (slices is not null)
        {
            parts.Add(slices);
        }

        await budgets.OpenAsync(CancellationToken.None);
        slices?.Start();
        var settler = new Settler(store, estimates, book, time);
        var drain = parts.Add(new Drain(options.Drain, time));

        // A seed of its own for every process: with a common one all of them would knock at a recovering provider in step.
        var random = options.Random ?? new SharedRandom(RandomNumberGenerator.GetInt32(int.MaxValue));
        var leases = LimitSharing.Keep(store.LimitShare, time, log);
        var admission = new AdmissionControl(time, leases);
        admission.Reload(first);
        if (leases is not null)
        {
            parts.Add(leases);
        }

        var limits = parts.Add(new LimitDirectory(store.Limits, admission, time));
        await limits.RefreshAsync(CancellationToken.None);
        var jobs = new JobIds(await SharedNodes.JobSecretAsync(store.Shared, first.Server.DataFolder));
        var attempts = new AttemptServices(upstreams, health, affinity, store, settler, new RetryBudget(time), new FailedRequests(time), new RefusedBetas(time), estimates, reasoning, admission, book, jobs, time, random, drain.Over);
        var budget = new BodyBudget(first.Server.MaxBuffered ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);
        var bodies = new BodyReader(budget);
        var answers = new AnswerCache();
        answers.Reload(first);
        var detached = new DetachedAnswers(time);

        var watcher = new ConfigWatcher(options.Sources, loaded, sources, time, options.Load);
        var standings = new HealthReader(() => watcher.Current, health);
        var builder = ServerHost.Builder(first, drain, loggers);
        builder.Services.AddSingleton<IKeyRing>(keys);
        builder.Services.AddSingleton(directory);
        builder.Services.AddSingleton<ILedgerQueries>(store);
        builder.Services.AddSingleton(limits);
        builder.Services.AddSingleton(budgets);
        builder.Services.AddSingleton(time);
        var status = new StatusSource(watcher, standings, admission, book, store.Shared, () => store.Standing, time.GetUtcNow(), time);
        builder.Services.AddSingleton<IStatusSource>(status);
        var reachability = new Reachability(() => watcher.Current, upstreams, time);
        builder.Services.AddSingleton(reachability);
        builder.Services.AddSingleton(new Doctor(() => watcher.Current, directory, keys, store, status, reachability, time));
        builder.Services.AddSingleton(new WhatIf(() => watcher.Current, planner, affinity, estimates, admission, book, time));
        builder.Services.AddSingleton<IModelResolver>(new ModelResolver(() => watcher.Current));
        var app = parts.Add(builder.Build());
        parts.Add(watcher);

        watcher.Changed += health.Reload;
        watcher.Changed += answers.Reload;
        watcher.Changed += admission.Reload;
        watcher.Changed += snapshot => Wait(simulator.FollowAsync(snapshot));
        watcher.Changed += upstreams.Reload;
        watcher.Changed += snapshot => TakeAdminKey(snapshot, first.Server.DataFolder, keys);
        var told = first.Warnings;
        watcher.Changed += snapshot =>
        {
            HostingLog.Reloaded(log);
            LogWarnings(log, snapshot.Warnings.Except(told, StringComparer.Ordinal));
            told = snapshot.Warnings;
        };
        watcher.Failed += errors => HostingLog.ReloadRefused(log, string.Join(' ', errors));
        watcher.Faulted += fault => HostingLog.ReloadFaulted(log, fault);
        LogWarnings(log, first.Warnings);

        var pipeline = new InferencePipeline(() => watcher.Current, keys, bodies, planner, attempts, answers, detached, settler, time, loggers.CreateLogger<InferencePipeline>());
        var entry = new RequestEntry(pipeline, new Surfaces.Models.ModelsApi(() => watcher.Current, keys, time), new OperationsApi(watcher, new PublicStatus(standings, time), store.Shared, () => drain.Begun), new DetachedApi(detached, keys, () => watcher.Current.Auth.Open),
            new JobsApi(() => watcher.Current, keys, jobs, upstreams, time, loggers.CreateLogger<JobsApi>(), drain.Over), drain);
        app.Lifetime.ApplicationStopping.Register(() =>
        {
            HostingLog.Stopping(log, options.Drain.TotalSeconds);
            drain.Begin();
        });
        app.Use((http, next) => entry.InvokeAsync(http, next));
        app.UseRouting();
        app.MapAdminApi();

        // Last: a key that was made and then not shown, since something else failed, could never be shown again.
        var firstKey = await directory.EnsureFirstKeyAsync(CancellationToken.None);
        if (store.Shared is { } shared)
        {
            parts.Add(SharedNodes.Follow(shared, directory, limits, budgets));
        }

        return new SluiceServer(parts, app, watcher, budget, admission, book, time, firstKey);
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

            await _parts.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private static UpstreamClientOptions Outward()
    {
        try
        {
            return new UpstreamClientOptions();
        }
        catch (FormatException e)
        {
            throw new StartRefusedException(isUsage: true, e.Message);
        }
    }

    // The key first: if the file cannot be written, the configured key counts all the same.
    private static void TakeAdminKey(ConfigSnapshot snapshot, string dataFolder, KeyRing keys)
    {
        if (snapshot.Auth.AdminKey is { } changed)
        {
            keys.SetAdminKey(changed);
            AdminKeyFile.Ensure(dataFolder, changed);
        }
    }

#pragma warning disable VSTHRD002 // A reload runs on a pool thread without a context to return to, and the snapshot must not come into force before its simulator listens.
    private static void Wait(Task task) => task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    private static void LogWarnings(ILogger log, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
        {
            HostingLog.ConfigurationWarning(log, warning);
        }
    }

    private static async Task WaitForAsync(CancellationToken token)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (token.Register(source.SetResult))
        {
            await source.Task;
        }
    }
}
