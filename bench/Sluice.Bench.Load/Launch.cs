using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Bench.Load;

/// <summary>Starts the processes of a run, each on a free port of loopback, and waits until it answers.</summary>
/// <param name="sluice">Path of the built <c>sluice.dll</c>.</param>
internal sealed class Launch(string sluice)
{
    private static string Self => Environment.GetCommandLineArgs()[0];

    public Task<Target> UpstreamAsync() => StartAsync("upstream", port => ["exec", Self, "upstream", port.ToString()]);

    public async Task<Target> ForwarderAsync(Uri upstream)
    {
        var target = await StartAsync("forwarder", port => ["exec", Self, "forwarder", port.ToString(), upstream.ToString()]);
        target.Upstream = upstream;
        target.AnotherAsync = () => ForwarderAsync(upstream);
        return target;
    }

    /// <summary>Sluice with a data folder of its own, as after installing it. It prints the first key, which is the one used.</summary>
    public async Task<Target> SluiceAsync(Uri upstream)
    {
        var folder = Directory.CreateTempSubdirectory("sluice-bench-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "sluice.yaml"), Configuration(upstream));
        var port = FreePort();
        var process = Start(["exec", sluice, "serve", "--urls", $"http://127.0.0.1:{port}", "--data", Path.Combine(folder, "data")], folder);
        var key = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Drain(process, line =>
        {
            var at = line.IndexOf("sk-", StringComparison.Ordinal);
            if (at >= 0)
            {
                key.TrySetResult(line[at..].Trim());
            }
        });
        var target = new Target("sluice", process, new Uri($"http://127.0.0.1:{port}"), await key.Task.WaitAsync(TimeSpan.FromSeconds(20)))
        {
            Upstream = upstream,
            Folder = folder,
            AnotherAsync = () => SluiceAsync(upstream),
        };
        await WaitAsync(target);
        return target;
    }

    private static string Configuration(Uri upstream) =>
        $"""
        providers:
          - name: anthropic
            kind: anthropic
            base_url: {upstream.ToString().TrimEnd('/')}
            api_keys: [bench-key]
          - name: chat
            kind: openai
            base_url: {upstream.ToString().TrimEnd('/')}/v1
            api_keys: [bench-key]
        models:
        {string.Concat(Scenarios.Models.Select(m => $"""
          - id: {m}
            endpoints: [{"{"} provider: anthropic, model: {m}, price: {"{"} input: 3, output: 15 {"}"} {"}"}]
          - id: chat/{m}
            endpoints: [{"{"} provider: chat, model: {m}, price: {"{"} input: 3, output: 15 {"}"} {"}"}]

        """))}
        """;

    private static async Task<Target> StartAsync(string name, Func<int, string[]> arguments)
    {
        var port = FreePort();
        var process = Start(arguments(port), Path.GetTempPath());
        Drain(process);
        var target = new Target(name, process, new Uri($"http://127.0.0.1:{port}"), key: null);
        await WaitAsync(target);
        return target;
    }

    private static Process Start(string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        // The other processes' web host would watch this folder, and every write of Sluice's ledger would then be paid for by Sluice.
        start.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    // A full pipe would stop the process that writes into it.
    private static void Drain(Process process, Action<string>? onLine = null)
    {
        process.OutputDataReceived += (_, e) => onLine?.Invoke(e.Data ?? "");
        process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data?.StartsWith("fail", StringComparison.Ordinal) == true)
            {
                Console.Error.WriteLine(e.Data);
            }
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    private static async Task WaitAsync(Target target)
    {
        using var client = new HttpClient();
        for (var i = 0; i < 1000; i++)
        {
            try
            {
                using var _ = await client.GetAsync(new Uri(target.Address, "/healthz"), HttpCompletionOption.ResponseHeadersRead);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(10);
            }
        }

        throw new InvalidOperationException($"{target.Name} does not listen.");
    }

    private static int FreePort()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return port;
    }
}
