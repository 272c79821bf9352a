using Sluice.Bench.Ledger;
using Sluice.Testing;

// What to measure: all of it, or what is named.
string[] scenarios = args.Length > 0 ? args : ["sqlite", "postgres", "postgres-nodes", "sqlite-year", "postgres-year"];
var folder = Directory.CreateTempSubdirectory("sluice-ledger-");
try
{
    foreach (var scenario in scenarios)
    {
        var own = Path.Combine(folder.FullName, scenario);
        if (scenario.StartsWith("sqlite", StringComparison.Ordinal))
        {
            await MeasureAsync(scenario, own, null);
            continue;
        }

        if (PostgresServer.WhyMissing is { } missing)
        {
            Console.WriteLine($"{scenario}: {missing}");
            continue;
        }

        // As people run it: what is committed is on the disk.
        await using var server = await PostgresServer.StartAsync(isDurable: true);
        await MeasureAsync(scenario, own, await server.CreateDatabaseAsync());
    }
}
finally
{
    folder.Delete(recursive: true);
}

static Task MeasureAsync(string scenario, string folder, string? address) => scenario.EndsWith("-year", StringComparison.Ordinal)
    ? Reports.MeasureAsync(scenario, folder, address)
    : Attempts.MeasureAsync(scenario, folder, address, scenario.EndsWith("-nodes", StringComparison.Ordinal) ? 4 : 1);
