using System.Diagnostics;

namespace Sluice.Bench.Load;

/// <summary>From starting a process to its first answered request; for Sluice with an empty data folder, so its store is made on the way.</summary>
internal static class FirstAnswer
{
    /// <summary>Milliseconds.</summary>
    public static async Task<double> MeasureAsync(Target target, string path)
    {
        var from = Stopwatch.GetTimestamp();
        using var another = await target.AnotherAsync!();
        await Load.OneAsync(another, path, Load.Body("whole", 5_000, stream: false, tools: 0));
        return Stopwatch.GetElapsedTime(from).TotalMilliseconds;
    }
}
