using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Bench.Load;

/// <summary>
/// Measures Sluice beside the bare forwarder in one run: upstream, forwarder and Sluice each a process of its own on loopback, the same load to
/// both in turn, ratios of their processor time. Arguments: names of scenarios; none is all.
/// </summary>
internal static class Runner
{
    public static async Task<int> RunAsync(string[] names)
    {
        var sluice = FindSluice();
        if (sluice is null)
        {
            await Console.Error.WriteLineAsync("Build Sluice first: dotnet build src/Sluice -c Release");
            return 2;
        }

        using var upstream = await StartAsync("upstream", key: null, port => ["exec", Self, "upstream", port.ToString()]);
        using var forwarder = await StartAsync("forwarder", key: null, port => ["exec", Self, "forwarder", port.ToString(), upstream.Address.ToString()]);
        var folder = Directory.CreateTempSubdirectory("sluice-bench-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "sluice.yaml"), Configuration(upstream.Address));
            using var gateway = await StartSluiceAsync(sluice, folder);
            await Scenarios.WarmAsync(forwarder, gateway);
            await Console.Out.WriteLineAsync($"{"scenario",-58} {"forwarder",12} {"sluice",12} {"ratio",8}   bar");
            foreach (var scenario in Scenarios.All.Where(s => names.Length == 0 || names.Contains(s.Name)))
            {
                await scenario.RunAsync(forwarder, gateway, Console.Out);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static string Self => Environment.GetCommandLineArgs()[0];

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

    private static async Task<Target> StartSluiceAsync(string program, string folder)
    {
        var port = FreePort();
        var process = Start(["exec", program, "serve", "--urls", $"http://127.0.0.1:{port}", "--data", Path.Combine(folder, "data")], folder);
        var key = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Drain(process, line =>
        {
            var at = line.IndexOf("sk-", StringComparison.Ordinal);
            if (at >= 0)
            {
                key.TrySetResult(line[at..].Trim());
            }
        });
        var target = new Target("sluice", process, new Uri($"http://127.0.0.1:{port}"), await key.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        await WaitAsync(target);
        return target;
    }

    private static async Task<Target> StartAsync(string name, string? key, Func<int, string[]> arguments)
    {
        var port = FreePort();
        var process = Start(arguments(port), Path.GetTempPath());
        Drain(process);
        var target = new Target(name, process, new Uri($"http://127.0.0.1:{port}"), key);
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
        for (var i = 0; i < 200; i++)
        {
            try
            {
                using var _ = await client.GetAsync(new Uri(target.Address, "/healthz"), HttpCompletionOption.ResponseHeadersRead);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50);
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

    private static string? FindSluice()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var program = Path.Combine(folder.FullName, "src", "Sluice", "bin", "Release", "net10.0", "sluice.dll");
            if (File.Exists(program))
            {
                return program;
            }
        }

        return null;
    }
}
