namespace Sluice.Bench.Load;

/// <summary>
/// Measures Sluice beside the bare forwarder in one run: upstream, forwarder and Sluice each a process of its own on loopback, the same load to
/// both in turn. Arguments: names of scenarios; none is all.
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

        if (names.FirstOrDefault(n => Scenarios.All.All(s => s.Name != n)) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"No scenario is called {unknown}. There are: {string.Join(", ", Scenarios.All.Select(s => s.Name))}");
            return 2;
        }

        var launch = new Launch(sluice);
        using var upstream = await launch.UpstreamAsync();
        using var forwarder = await launch.ForwarderAsync(upstream.Address);
        using var gateway = await launch.SluiceAsync(upstream.Address);
        await Scenarios.WarmAsync(forwarder, gateway);
        await Console.Out.WriteLineAsync($"{"scenario",-62} {"forwarder",10} {"sluice",10} {"ratio",7}   bar");
        foreach (var scenario in Scenarios.All.Where(s => names.Length == 0 || names.Contains(s.Name)))
        {
            await scenario.RunAsync(forwarder, gateway, Console.Out);
        }

        return 0;
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
