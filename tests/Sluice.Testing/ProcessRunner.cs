using System.Diagnostics;
using System.Text;

namespace Sluice.Testing;

/// <summary>A child process to run to its end.</summary>
/// <param name="Program">Path, or a name on the parent's PATH.</param>
/// <param name="Arguments">Passed as they are; no shell reads them.</param>
public sealed record ProcessSpec(string Program, params IReadOnlyList<string> Arguments)
{
    /// <summary>The whole environment: nothing is inherited, so that a developer's own keys and settings cannot change a result.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where it runs; null for the system's temporary folder.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>After this the child and its children are killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What a child process left.</summary>
/// <param name="ExitCode">-1 when it was killed for its time.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Elapsed">From start to exit.</param>
/// <param name="TimedOut">It was killed for its time.</param>
public sealed record ProcessResult(int ExitCode, string Output, string Error, TimeSpan Elapsed, bool TimedOut)
{
    /// <summary>Everything a person needs to see why it failed.</summary>
    public override string ToString() =>
        $"exit code {ExitCode}{(TimedOut ? " (killed for its time)" : "")} after {Elapsed.TotalSeconds:F1} s\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>Runs a child process with a clean environment and a bound on its time.</summary>
public static class ProcessRunner
{
    /// <summary>Variables that nearly every program needs and that carry no setting of this machine's user.</summary>
    /// <param name="home">The child's HOME and TMPDIR.</param>
    public static Dictionary<string, string> BareEnvironment(string home) => new(StringComparer.Ordinal)
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
        ["HOME"] = home,
        ["TMPDIR"] = home,
        ["LANG"] = "C.UTF-8",
        ["TERM"] = "dumb",
        ["SHELL"] = "/bin/sh",
    };

    /// <summary>Starts it, closes its standard input, waits. A program that cannot be started throws.</summary>
    public static async Task<ProcessResult> RunAsync(ProcessSpec spec, CancellationToken cancellation = default)
    {
        using var process = new Process { StartInfo = StartInfo(spec.Program, spec.Arguments, spec.Environment, spec.WorkingFolder) };
        var watch = Stopwatch.StartNew();
        process.Start();
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(spec.Timeout);
        var timedOut = false;
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            timedOut = true;
        }

        return new ProcessResult(timedOut ? -1 : process.ExitCode, await output, await error, watch.Elapsed, timedOut);
    }

    internal static ProcessStartInfo StartInfo(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string? folder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
