using System.Globalization;
using Npgsql;

namespace Sluice.Bench.Ledger;

/// <summary>What a store's work has cost in CPU: on a busy machine the clock says more about others. SQLite's is this process's own.</summary>
internal sealed class StoreCpu(string? connection)
{
    /// <summary>Milliseconds until now, of this process and of the database's processes that serve it; those are read where the system shows them.</summary>
    public async Task<double> ReadAsync()
    {
        var own = Environment.CpuUsage.TotalTime.TotalMilliseconds;
        if (connection is null || !OperatingSystem.IsLinux())
        {
            return own;
        }

        await using var database = new NpgsqlConnection(connection);
        await database.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sluice'", database);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            // Behind the name in parentheses, the 12th and 13th: ticks of 10 ms.
            var stat = await File.ReadAllTextAsync($"/proc/{row.GetInt32(0)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            own += 10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture));
        }

        return own;
    }
}
