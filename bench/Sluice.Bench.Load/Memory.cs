using System.Diagnostics;
using System.Globalization;

namespace Sluice.Bench.Load;

/// <summary>
/// What open requests hold, as growth of the process's resident memory. Each measurement has a process of its own, warmed by requests of another
/// size: memory that earlier load has left behind would hide what is asked for.
/// </summary>
internal static class Memory
{
    private const int LargeBodies = 40;

    /// <summary>How long the upstream keeps the answer to a large body back: all of them are in by then.</summary>
    public static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(2);

    /// <summary>Ten thousand, or what the limit of open files allows: the process between needs two of them for a stream.</summary>
    public static int Streams { get; } = Math.Min(10_000, (OpenFiles() - 600) / 2);

    /// <summary>The most that the process grew while so many bodies of 600 KB were in it, per byte of body.</summary>
    public static async Task<double> OfLargeRequestsAsync(Target like, string path, string model)
    {
        using var target = await like.AnotherAsync!();
        await Load.RunAsync(target, path, Load.Body(model.Replace("hold", "whole", StringComparison.Ordinal), 5_000, stream: false, tools: 0), requests: 2000, concurrency: 8);
        var body = Load.Body(model, 600_000, stream: false, tools: 110);
        var before = target.ResidentKib();
        target.ResetPeak();
        await Load.RunAsync(target, path, body, LargeBodies, LargeBodies);
        return (target.PeakKib() - before) * 1024.0 / LargeBodies / body.Length;
    }

    /// <summary>KiB by which an open stream on which nothing happens makes the process grow.</summary>
    public static async Task<double> OfIdleStreamsAsync(Target like, string path)
    {
        using var target = await like.AnotherAsync!();
        await Load.RunAsync(target, path, Load.Body("whole", 5_000, stream: false, tools: 0), requests: 2000, concurrency: 8);
        var body = Load.Body("idle", 1_000, stream: true, tools: 0);
        using var leave = new CancellationTokenSource();
        // More at once than a listener's backlog takes would be sent again by the kernel after a second.
        using var opening = new SemaphoreSlim(100);
        var before = target.ResidentKib();
        var open = 0;
        var failed = 0;
        var tasks = Enumerable.Range(0, Streams).Select(async _ =>
        {
            await opening.WaitAsync();
            var opened = false;
            try
            {
                await Load.OneAsync(target, path, body, leave.Token, _ =>
                {
                    if (!opened)
                    {
                        opened = true;
                        opening.Release();
                        Interlocked.Increment(ref open);
                    }
                });
            }
            catch (Exception e) when (leave.IsCancellationRequested && e is OperationCanceledException or HttpRequestException or IOException)
            {
                // Left on purpose.
            }
            catch (HttpRequestException)
            {
                Interlocked.Increment(ref failed);
            }
            finally
            {
                if (!opened)
                {
                    opening.Release();
                }
            }
        }).ToArray();
        var clock = Stopwatch.StartNew();
        while (Volatile.Read(ref open) + Volatile.Read(ref failed) < Streams && clock.Elapsed < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(100);
        }

        await Task.Delay(2000);
        var after = target.ResidentKib();
        var held = Volatile.Read(ref open);
        await leave.CancelAsync();
        await Task.WhenAll(tasks);
        return held == Streams
            ? (after - before) / (double)Streams
            : throw new InvalidOperationException($"{target.Name} holds {held} streams of {Streams}.");
    }

    private static int OpenFiles()
    {
        // "Max open files  1024  20000  files": the runtime raises its own limit to the second number.
        var line = File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture);
    }
}
