using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Storage;

namespace Sluice.Bench.Ledger;

/// <summary>How many attempts a second reach the store, from the first append until a report can see the last. Each is three records, as a request makes them.</summary>
internal static class Attempts
{
    private const int Each = 100_000;
    private const int Callers = 4;

    public static async Task MeasureAsync(string name, string folder, string? address, int nodes)
    {
        var stores = new List<LedgerStore>();
        try
        {
            for (var node = 0; node < nodes; node++)
            {
                stores.Add(await LedgerStore.OpenAsync(new LedgerOptions { DataFolder = Path.Combine(folder, $"{name}-{node}"), Storage = address }, TimeProvider.System, NullLogger.Instance));
            }

            // The first thousands compile the code and make the first pages.
            await RunAsync(stores, "warm", 5_000);
            var process = Process.GetCurrentProcess();
            var (began, cpu) = (Stopwatch.StartNew(), process.TotalProcessorTime);
            await RunAsync(stores, "att", Each);
            process.Refresh();
            var (rate, each) = (nodes * Each / began.Elapsed.TotalSeconds, (process.TotalProcessorTime - cpu).TotalMicroseconds / (nodes * Each));
            Console.WriteLine($"{name}: {rate:N0} attempts/s into the store, {each:N0} us of Sluice's own CPU each ({nodes} node{(nodes == 1 ? "" : "s")}, {nodes * Each:N0} attempts)");
        }
        finally
        {
            foreach (var store in stores)
            {
                await store.DisposeAsync();
            }
        }
    }

    private static async Task RunAsync(List<LedgerStore> stores, string prefix, int each)
    {
        await Task.WhenAll(stores.Select((store, node) => Task.Run(async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (var i = 0; i < each / Callers; i++)
                {
                    await AppendAsync(store, $"{prefix}-{node}-{caller}-{i}", i);
                }
            })));
            while (store.Unshipped > 0)
            {
                try
                {
                    await store.FlushToStoreAsync(CancellationToken.None);
                }
                catch (StoreAwayException)
                {
                    // It is only behind.
                }
            }
        })));
    }

    private static async Task AppendAsync(LedgerStore store, string id, int i)
    {
        var now = DateTimeOffset.UtcNow;
        var (user, session, provider) = ($"dev{i % 50}", $"session-{i % 50}-{i / 5000}", $"provider{i % 3}");
        await store.AppendAsync(new AttemptStarted
        {
            AttemptId = id, RequestId = "gen-" + id, Ordinal = 1, StartedAt = now, KeyId = "key-" + user, User = user, Team = "core", Project = "shop", Session = session, Client = "claude-code",
            Model = "anthropic/claude-sonnet-4.6", Provider = provider, UpstreamModel = "claude-sonnet-4-6", Credential = provider + "#1",
            ClientProtocol = WireProtocol.AnthropicMessages, UpstreamProtocol = WireProtocol.AnthropicMessages, EstimatedInputTokens = 12_000, EstimatedCostNanoUsd = 36_000_000,
        });
        await store.AppendAsync(
            new AttemptSettled
            {
                AttemptId = id, EndedAt = now, Outcome = AttemptOutcome.Succeeded, Status = 200, UpstreamRequestId = "req_011CSHoEeqs5C35K2UUqR7Fy", FirstTokenMs = 812,
                Usage = new TokenUsage { Input = 10, CacheRead = 11_000, CacheWrite5m = 900, Output = 350 }, CostNanoUsd = 12_345_678, PriceSource = "catalogue 2026-08-21",
            },
            new RequestSettled
            {
                RequestId = "gen-" + id, StartedAt = now, EndedAt = now, KeyId = "key-" + user, User = user, Team = "core", Project = "shop", Session = session, Client = "claude-code",
                RequestedModel = "claude-sonnet-4-6", Model = "anthropic/claude-sonnet-4.6", ClientProtocol = WireProtocol.AnthropicMessages, Stream = true, Status = 200, Route = "only endpoint", Attempts = 1,
            });
    }
}
