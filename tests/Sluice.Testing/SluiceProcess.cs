using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Sluice.Testing;

/// <summary>How a real Sluice is started for a test.</summary>
public sealed record SluiceOptions
{
    /// <summary>Text of the configuration file; null starts without one (then the simulator serves).</summary>
    public string? Config { get; init; }

    /// <summary>Added to a bare environment: nothing else is inherited.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Further arguments of <c>serve</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>A data folder that outlives the process, to start again on what another left; null makes one that goes with it.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Port on loopback; 0 finds a free one.</summary>
    public int Port { get; init; }

    /// <summary>How long <c>/readyz</c> may take to answer 200.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A path to wait on instead, for tests of a Sluice that is meant not to become ready.</summary>
    public string ReadyPath { get; init; } = "/readyz";
}

/// <summary>
/// The built program, running as its users run it: a process of its own on loopback with a data folder of its own.
/// Disposing stops it.
/// </summary>
public sealed partial class SluiceProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigHup = 1;

    // A test that makes the program chatter must not fill memory.
    private const int MostLines = 20_000;

    private readonly Process _process;
    private readonly TemporaryFolder _folder;
    private readonly TranscriptLines _output = new(MostLines);
    private readonly TranscriptLines _error = new(MostLines);

    private SluiceProcess(Process process, TemporaryFolder folder, string dataFolder, string? configPath, int port, string? adminKey)
    {
        (_process, _folder, DataFolder, ConfigPath, AdminKeySet) = (process, folder, dataFolder, configPath, adminKey);
        Url = new Uri($"http://127.0.0.1:{port}");
        process.OutputDataReceived += (_, line) => _output.Add(line.Data);
        process.ErrorDataReceived += (_, line) => _error.Add(line.Data);
    }

    /// <summary>Where it listens, without a path.</summary>
    public Uri Url { get; }

    /// <summary>Its data folder.</summary>
    public string DataFolder { get; }

    /// <summary>Its configuration file, to be changed while it runs; null where it has none.</summary>
    public string? ConfigPath { get; }

    /// <summary>Everything on standard output so far.</summary>
    public string Output => _output.Text;

    /// <summary>Everything on standard error so far.</summary>
    public string Error => _error.Text;

    /// <summary>The operating system's id.</summary>
    public int Id => _process.Id;

    /// <summary>It has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The client key that the first start on an empty data folder printed; throws where none was printed.</summary>
    public string ClientKey => KeyPattern().Match(Output) is { Success: true } match
        ? match.Value
        : throw new InvalidOperationException("No client key was printed. " + Transcript());

    /// <summary>The admin key: the environment's, else the one made in the data folder.</summary>
    public string AdminKey => AdminKeySet ?? File.ReadAllText(Path.Combine(DataFolder, "admin.key")).Trim();

    private string? AdminKeySet { get; }

    /// <summary>The built program, of the same configuration as the running tests.</summary>
    public static string ProgramPath
    {
        get
        {
            // tests/NAME/bin/CONFIGURATION/net10.0/
            var target = new DirectoryInfo(AppContext.BaseDirectory);
            var path = Path.Combine(RepositoryRoot.Path, "src", "Sluice", "bin", target.Parent!.Name, target.Name, "sluice.dll");
            return File.Exists(path) ? path : throw new FileNotFoundException("Build src/Sluice first.", path);
        }
    }

    /// <summary>Starts it and waits until it is ready. Where it does not become ready, throws with everything that it printed.</summary>
    public static async Task<SluiceProcess> StartAsync(SluiceOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new SluiceOptions();
        var folder = new TemporaryFolder();
        var data = options.DataFolder ?? folder.PathOf("data");
        var port = options.Port == 0 ? FreePort() : options.Port;
        var arguments = new List<string> { ProgramPath, "serve", "--urls", $"http://127.0.0.1:{port}", "--data", data };
        string? configPath = null;
        if (options.Config is not null)
        {
            configPath = folder.PathOf("sluice.yaml");
            await File.WriteAllTextAsync(configPath, options.Config, cancellation);
            arguments.AddRange(["--config", configPath]);
        }

        arguments.AddRange(options.Arguments);
        var environment = EnvironmentFor(folder, options.Environment);

        // Started in its own empty folder: a sluice.yaml or .env of the checkout must not be found.
        var process = new Process { StartInfo = ProcessRunner.StartInfo("dotnet", arguments, environment, folder.Path) };
        var sluice = new SluiceProcess(process, folder, data, configPath, port, options.Environment.GetValueOrDefault("SLUICE_ADMIN_KEY"));
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await sluice.WaitUntilReadyAsync(options, cancellation);
            return sluice;
        }
        catch
        {
            await sluice.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of it that carries a key; the caller disposes it.</summary>
    /// <param name="key">Null: the first client key.</param>
    public HttpClient CreateClient(string? key = null)
    {
        var client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key ?? ClientKey);
        return client;
    }

    /// <summary>Runs another command of the same program against this one, as an operator would on the same machine.</summary>
    public async Task<ProcessResult> CommandAsync(params IReadOnlyList<string> arguments)
    {
        var environment = EnvironmentFor(_folder, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["SLUICE_URL"] = Url.ToString().TrimEnd('/'),
            ["SLUICE_DATA"] = DataFolder,
            ["SLUICE_ADMIN_KEY"] = AdminKey,
        });
        return await ProcessRunner.RunAsync(new ProcessSpec("dotnet", [ProgramPath, .. arguments]) { Environment = environment, WorkingFolder = _folder.Path });
    }

    /// <summary>Asks it to stop (SIGTERM) and waits. Returns the exit code; throws where it does not stop in time.</summary>
    public async Task<int> StopAsync(TimeSpan? within = null)
    {
        Signal(SigTerm);
        return await WaitForExitAsync(within);
    }

    /// <summary>Asks it to read its configuration again (SIGHUP).</summary>
    public void Reload() => Signal(SigHup);

    /// <summary>Ends it at once (SIGKILL): nothing of its own runs any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await WaitForExitAsync(within: null);
    }

    /// <summary>Waits for its end; returns the exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? within)
    {
        using var bound = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(30));
        try
        {
            await _process.WaitForExitAsync(bound.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException("Sluice did not end in time. " + Transcript(), late);
        }
    }

    /// <summary>Everything that it printed, for a failure's message.</summary>
    public string Transcript() => $"--- output\n{Output}\n--- error\n{Error}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Dispose();
    }

    /// <summary>A port of loopback that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Dictionary<string, string> EnvironmentFor(TemporaryFolder folder, IReadOnlyDictionary<string, string> more)
    {
        var environment = ProcessRunner.BareEnvironment(folder.Path);
        environment["DOTNET_NOLOGO"] = "1";
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
        {
            environment["DOTNET_ROOT"] = root;
        }

        foreach (var (name, value) in more)
        {
            environment[name] = value;
        }

        return environment;
    }

    private async Task WaitUntilReadyAsync(SluiceOptions options, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(5) };
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(options.ReadyTimeout);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await tick.WaitForNextTickAsync(bound.Token))
            {
                if (_process.HasExited)
                {
                    // The last lines arrive after the exit; this waits for them.
                    await _process.WaitForExitAsync(bound.Token);
                    throw new InvalidOperationException($"Sluice ended with exit code {_process.ExitCode} instead of serving. {Transcript()}");
                }

                if (await AnswersAsync(client, options.ReadyPath, bound.Token))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"Sluice was not ready within {options.ReadyTimeout.TotalSeconds:F0} s. {Transcript()}", late);
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient client, string path, CancellationToken cancellation)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Signal(int signal)
    {
        if (NativeKill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {_process.Id}.");
        }
    }

    // The runtime can only kill; stopping in good order needs the signal itself.
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativeKill(int id, int signal);

    [GeneratedRegex("sk-[A-Za-z0-9_-]{24,}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyPattern();
}
