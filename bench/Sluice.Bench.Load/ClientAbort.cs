using System.Diagnostics;
using System.Globalization;

namespace Sluice.Bench.Load;

/// <summary>How soon the upstream sees that a client has left in the middle of a stream.</summary>
internal static class ClientAbort
{
    private const int Aborts = 50;

    /// <summary>The longest of all, in milliseconds.</summary>
    public static async Task<double> MeasureAsync(Target target, string path)
    {
        var body = Load.Body("left", 5_000, stream: true, tools: 0);
        using var observer = new HttpClient { BaseAddress = target.Upstream, Timeout = TimeSpan.FromSeconds(20) };
        var worst = 0.0;
        for (var i = 0; i < Aborts; i++)
        {
            using var leave = new CancellationTokenSource();
            var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var stream = Load.OneAsync(target, path, body, leave.Token, _ => opened.TrySetResult());
            await (await Task.WhenAny(opened.Task, stream));
            var left = Stopwatch.GetTimestamp();
            await leave.CancelAsync();
            var seen = long.Parse(await observer.GetStringAsync("/departures"), CultureInfo.InvariantCulture);
            await stream.ContinueWith(_ => { }, TaskScheduler.Default);
            worst = Math.Max(worst, Stopwatch.GetElapsedTime(left, seen).TotalMilliseconds);
        }

        return worst;
    }
}
