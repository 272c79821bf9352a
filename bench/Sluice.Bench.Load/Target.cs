using System.Diagnostics;
using System.Globalization;

namespace Sluice.Bench.Load;

/// <summary>A process under measurement.</summary>
internal sealed class Target(string name, Process process, Uri address, string? key) : IDisposable
{
    private static readonly double TicksPerSecond = 100; // USER_HZ of every Linux build in use

    public string Name => name;

    public Uri Address => address;

    public string? Key => key;

    /// <summary>Where it sends what it is sent.</summary>
    public Uri? Upstream { get; set; }

    /// <summary>Starts another of its kind, which has seen no load yet; the caller ends it.</summary>
    public Func<Task<Target>>? AnotherAsync { get; set; }

    /// <summary>What it keeps its files in; deleted with it.</summary>
    public string? Folder { get; set; }

    /// <summary>User and system time of the process so far, in microseconds.</summary>
    public double CpuMicroseconds()
    {
        // Fields 14 and 15 of /proc/PID/stat, counted behind the name in brackets, which may hold spaces.
        var stat = File.ReadAllText($"/proc/{process.Id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond * 1e6;
    }

    /// <summary>Resident memory in KiB.</summary>
    public long ResidentKib() => Status("VmRSS");

    /// <summary>The most it ever was, in KiB.</summary>
    public long PeakKib() => Status("VmHWM");

    public void ResetPeak() => File.WriteAllText($"/proc/{process.Id}/clear_refs", "5");

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
        if (Folder is not null)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private long Status(string field)
    {
        foreach (var line in File.ReadLines($"/proc/{process.Id}/status"))
        {
            if (line.StartsWith(field, StringComparison.Ordinal))
            {
                return long.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }
}
