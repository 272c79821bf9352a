using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Admission;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Routing;
using Sluice.Core.Tokens;
using Sluice.Server.Admin;
using Sluice.Server.Diagnosis;
using Sluice.Server.Explain;
using Sluice.Storage;
using Sluice.Storage.Identity;
using Sluice.Upstreams;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>The admin API on a real port over a real store in a folder of its own.</summary>
public sealed class AdminHost : IAsyncLifetime
{
    public const string AdminKey = "an-admin-key-of-some-length";

    private WebApplication? _app;
    private UpstreamClient? _upstreams;

    public string Folder { get; } = Directory.CreateTempSubdirectory("sluice-").FullName;

    internal LedgerStore Ledger { get; private set; } = null!;

    public KeyRing Ring { get; } = new(TimeProvider.System);

    /// <summary>What the admin API takes for now.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>As <c>storage</c> has it; null is SQLite in the folder.</summary>
    internal string? Storage { get; init; }

    public Uri Url { get; private set; } = null!;

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false });

    public IReadOnlyList<RouteEndpoint> Routes =>
        [.. _app!.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    public async ValueTask InitializeAsync()
    {
        Ledger = await LedgerStore.OpenAsync(new LedgerOptions { DataFolder = Folder, Storage = Storage }, TimeProvider.System, NullLogger.Instance);
        Ring.SetAdminKey(AdminKey);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(Time);
        builder.Services.AddSingleton<IKeyRing>(Ring);
        var directory = new IdentityDirectory(Ledger.Identity, Ring, TimeProvider.System);
        builder.Services.AddSingleton(directory);
        var book = new BudgetBook(TimeProvider.System);
        builder.Services.AddSingleton(new BudgetDirectory(Ledger.Budgets, new PastSpending(Ledger), book, TimeProvider.System));
        builder.Services.AddSingleton(new LimitDirectory(Ledger.Limits, new AdmissionControl(TimeProvider.System), TimeProvider.System));
        builder.Services.AddSingleton<ILedgerQueries>(Ledger);
        builder.Services.AddSingleton<IStatusSource, FixedStatus>();
        builder.Services.AddSingleton<IModelResolver, OneModel>();
        var configuration = ConfigLoader.Load(new ConfigSources { BaseDirectory = Folder, FileText = "", FilePath = Path.Combine(Folder, "sluice.yaml"), DataFolder = Folder }).Snapshot!;
        var affinity = new SessionAffinity(TimeProvider.System);
        builder.Services.AddSingleton(new WhatIf(() => configuration, new Planner(new HealthBoard(TimeProvider.System), affinity, TimeProvider.System), affinity, new EstimateCorrection(), new AdmissionControl(TimeProvider.System), book, TimeProvider.System));
        _upstreams = new UpstreamClient(new UpstreamClientOptions());
        var reachability = new Reachability(() => configuration, _upstreams, TimeProvider.System);
        builder.Services.AddSingleton(reachability);
        builder.Services.AddSingleton(new Doctor(() => configuration, directory, Ring, Ledger, new FixedStatus(), reachability, TimeProvider.System));
        _app = builder.Build();
        _app.MapAdminApi();
        await _app.StartAsync();
        Url = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Http.BaseAddress = Url;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app!.DisposeAsync();
        await _upstreams!.DisposeAsync();
        await Ledger.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private sealed class FixedStatus : IStatusSource
    {
        public StatusReport Read() => new("1.2.3", DateTimeOffset.UnixEpoch, 61, [new ProviderStatus("sim", "simulator", "ok", 3, null) { Limits = new LimitsStatus(3, 4, 17) }], ["No provider key."])
        {
            Waiting = [new WaitingStatus("dev1", "s-7", "background", "provider:sim concurrency 4", 2.5)],
            WaitingCount = 17,
            Ledger = new LedgerStatus("db.example:5432/sluice", 12, 3456, null),
        };
    }

    private sealed class OneModel : IModelResolver
    {
        private static readonly ModelResolution Echo = new("sim/echo", "sim/echo", "exact", [new ModelEndpointAnswer("sim", "echo", 0.1m, null)], []);

        public ModelResolution Resolve(string name) => name == "sim/echo" ? Echo : new ModelResolution(name, null, null, [], ["sim/echo"]);

        public IReadOnlyList<ModelResolution> List() => [Echo];
    }
}
