using System.Globalization;
using System.Text.Json;

namespace Sluice.Bench.Micro;

/// <summary>
/// Compares allocated bytes per operation with the baseline in <c>bench/allocations.json</c>. Bytes, unlike times, are the same on every
/// machine, so this can run beside the tests. Processor times are printed for orientation and never judged.
/// </summary>
internal static class AllocationCheck
{
    private const int Rounds = 200;

    // A stream's constant cost is spread over its events, and a pool that is trimmed allocates now and then.
    private const double Tolerance = 1.05;
    private const double SlackBytes = 8;

    public static int Run(bool accept, TextWriter output)
    {
        var path = BaselinePath();
        var baseline = File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path))! : [];
        var measured = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var failed = 0;
        foreach (var scenario in Scenario.All)
        {
            var (bytes, microseconds) = Measure(scenario);
            measured[scenario.Name] = Math.Round(bytes, 1);
            var known = baseline.TryGetValue(scenario.Name, out var allowed);
            var grew = known && bytes > (allowed * Tolerance) + SlackBytes;
            failed += grew || !known ? 1 : 0;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name,-32} {bytes,12:F1} B/op {microseconds,10:F3} us/op  {(grew ? $"GREW from {allowed:F1}" : known ? "ok" : "NEW: not in the baseline")}"));
        }

        if (accept)
        {
            File.WriteAllText(path, JsonSerializer.Serialize(measured, new JsonSerializerOptions { WriteIndented = true }) + "\n");
            return 0;
        }

        return failed == 0 ? 0 : 1;
    }

    private static (double Bytes, double Microseconds) Measure(Scenario scenario)
    {
        for (var i = 0; i < 10; i++)
        {
            scenario.Run();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Environment.CpuUsage.UserTime;
        for (var i = 0; i < Rounds; i++)
        {
            scenario.Run();
        }

        var elapsed = Environment.CpuUsage.UserTime - start;
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        var operations = (double)Rounds * scenario.Operations;
        return (bytes / operations, elapsed.TotalMicroseconds / operations);
    }

    private static string BaselinePath()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sluice.slnx")))
            {
                return Path.Combine(folder.FullName, "bench", "allocations.json");
            }
        }

        throw new InvalidOperationException("Run this from a build inside a checkout.");
    }
}
