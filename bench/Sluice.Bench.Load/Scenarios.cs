namespace Sluice.Bench.Load;

/// <summary>The table's lines. The forwarder always gets what the upstream speaks natively; Sluice gets the same, or what it must translate.</summary>
internal static class Scenarios
{
    private const string Messages = "/v1/messages";
    private const string Chat = "/v1/chat/completions";
    private const int BurstEvents = 5000;

    public static readonly string[] Models = ["whole", $"burst-{BurstEvents}", "slow-100-30", "idle", "hold", "left", "stamp"];

    public static readonly Scenario[] All =
    [
        Whole("native-5k", 5_000, tools: 0, requests: 4000, bar: 1.5),
        Whole("native-87k", 87_000, tools: 12, requests: 1500, bar: 1.5),
        Whole("native-600k", 600_000, tools: 110, requests: 300, bar: 1.5),
        Translated("translated-5k", 5_000, tools: 0, requests: 3000, bar: 2.5),
        Translated("translated-600k", 600_000, tools: 110, requests: 200, bar: 6),
        Burst("burst-native", translated: false, bar: 1.3),
        Burst("burst-translated", translated: true, bar: 2.5),
        new("slow-native", "CPU us per event, 100 slow streams", 0.7, BarOf.Ratio, async (target, _) =>
        {
            var body = Load.Body("slow-100-30", 5_000, stream: true, tools: 0);
            return await CpuPerEventAsync(target, Messages, body, streams: 100, eventsEach: 100);
        }),
        new("rate-500", "CPU us per request at 500/s", 1.0, BarOf.Ratio, async (target, _) =>
            (await Load.PacedAsync(target, Messages, Load.Body("whole", 5_000, stream: false, tools: 0), perSecond: 500, seconds: 4)).Cpu),
        new("p50-500", "milliseconds, median at 500/s", 0.3, BarOf.Added, (target, _) => LatencyAsync(target, 0.50)),
        new("p99-500", "milliseconds, 99th percentile at 500/s", 3, BarOf.Added, (target, _) => LatencyAsync(target, 0.99)),
        new("first-event", "ms from upstream's flush of content to client, p99", 1, BarOf.Added, (target, _) => FirstEvent.MeasureAsync(target, Messages)),
        new("abort", "ms from client's abort to upstream's end, worst of 50", 100, BarOf.Value, (target, _) => ClientAbort.MeasureAsync(target, Messages)),
        new("start", "ms from starting the process to its first answer", 1500, BarOf.Value, (target, _) => FirstAnswer.MeasureAsync(target, Messages)),
        new("memory-600k", "resident bytes per byte of a held 600 KB body", 2.5, BarOf.Value, (target, _) => Memory.OfLargeRequestsAsync(target, Messages, "hold")),
        new("memory-600k-translated", "the same, Messages to Chat", 2.5, BarOf.Value,
            (target, isSluice) => Memory.OfLargeRequestsAsync(target, isSluice ? Messages : Chat, isSluice ? "chat/hold" : "hold")),
        new("idle", $"KiB per open silent stream, {Memory.Streams} of them", 40, BarOf.Value, (target, _) => Memory.OfIdleStreamsAsync(target, Messages)) { Rounds = 1 },
    ];

    /// <summary>Runs every path often enough that the just-in-time compiler is done with it: it would otherwise be counted against whoever is measured first.</summary>
    public static async Task WarmAsync(Target forwarder, Target sluice)
    {
        foreach (var name in new[] { "native-5k", "translated-5k", "burst-native", "burst-translated" })
        {
            var scenario = All.First(s => s.Name == name);
            for (var i = 0; i < 2; i++)
            {
                await scenario.MeasureAsync(forwarder, false);
                await scenario.MeasureAsync(sluice, true);
            }
        }
    }

    private static Scenario Whole(string name, int size, int tools, int requests, double bar) => new(
        name, $"CPU us per request, {size / 1000} KB", bar, BarOf.Ratio,
        (target, _) => Load.CpuPerRequestAsync(target, Messages, Load.Body("whole", size, stream: false, tools), requests, concurrency: 8));

    // The forwarder passes a Chat request on; Sluice makes one of an Anthropic request.
    private static Scenario Translated(string name, int size, int tools, int requests, double bar) => new(
        name, $"CPU us per request, {size / 1000} KB, Messages to Chat", bar, BarOf.Ratio,
        (target, isSluice) => Load.CpuPerRequestAsync(target, isSluice ? Messages : Chat,
            Load.Body(isSluice ? "chat/whole" : "whole", size, stream: false, tools), requests, concurrency: 8));

    private static Scenario Burst(string name, bool translated, double bar) => new(
        name, "CPU us per event in a burst" + (translated ? ", Chat to Messages" : ""), bar, BarOf.Ratio,
        async (target, isSluice) =>
        {
            var model = (translated && isSluice ? "chat/" : "") + $"burst-{BurstEvents}";
            var body = Load.Body(model, 5_000, stream: true, tools: 0);
            var path = translated && !isSluice ? Chat : Messages;
            return await Load.CpuPerRequestAsync(target, path, body, requests: 240, concurrency: 4) / BurstEvents;
        });

    private static async Task<double> CpuPerEventAsync(Target target, string path, byte[] body, int streams, int eventsEach)
    {
        await Load.OneAsync(target, path, body);
        var before = target.CpuMicroseconds();
        await Task.WhenAll(Enumerable.Range(0, streams).Select(_ => Load.OneAsync(target, path, body)));
        return (target.CpuMicroseconds() - before) / (streams * eventsEach);
    }

    private static async Task<double> LatencyAsync(Target target, double at)
    {
        var (_, latencies) = await Load.PacedAsync(target, Messages, Load.Body("whole", 5_000, stream: false, tools: 0), perSecond: 500, seconds: 4);
        return latencies[(int)(latencies.Length * at)];
    }
}
