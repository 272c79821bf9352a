using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sluice.Bench.Load;

/// <summary>How long the first content takes from the upstream's hands to the client's, on quiet connections.</summary>
internal static class FirstEvent
{
    private const int Streams = 400;
    private const int AtOnce = 2;
    private const string Mark = "sent at ";

    /// <summary>Text that says when it was made, in ticks of the clock that all processes of a machine share.</summary>
    public static string Stamp() => string.Create(CultureInfo.InvariantCulture, $"{Mark}{Stopwatch.GetTimestamp()}.");

    /// <summary>The 99th percentile in milliseconds.</summary>
    public static async Task<double> MeasureAsync(Target target, string path)
    {
        var body = Load.Body("stamp", 5_000, stream: true, tools: 0);
        await Load.RunAsync(target, path, body, requests: 40, AtOnce);
        var taken = new double[Streams];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < Streams)
            {
                taken[i] = double.NaN;
                await Load.OneAsync(target, path, body, onRead: bytes => Note(bytes, ref taken[i]));
            }
        }));
        if (taken.Any(double.IsNaN))
        {
            throw new InvalidOperationException($"{target.Name}: {taken.Count(double.IsNaN)} streams of {Streams} brought no content in one piece.");
        }

        Array.Sort(taken);
        return taken[(int)(Streams * 0.99)];
    }

    private static void Note(ReadOnlySpan<byte> bytes, ref double taken)
    {
        var at = bytes.IndexOf(Encoding.ASCII.GetBytes(Mark));
        if (at < 0)
        {
            return;
        }

        var now = Stopwatch.GetTimestamp();
        var rest = bytes[(at + Mark.Length)..];
        var sent = long.Parse(rest[..rest.IndexOf((byte)'.')], CultureInfo.InvariantCulture);
        taken = Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds;
    }
}
