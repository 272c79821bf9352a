using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sluice.Core.Ledger;
using Sluice.Storage;

namespace Sluice.Bench.Ledger;

/// <summary>
/// How long reports take over a year of a team of fifty: ten million attempts, which are some hundred thousand sums. The sums are written straight
/// into the tables; that they agree with the rows is what the tests hold.
/// </summary>
internal static class Reports
{
    private const int Developers = 50;
    private const int Days = 365;
    private const int Rounds = 7;
    private const string Measures = "requests, attempts, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input, audio_output, web_searches, cost_nano, estimated, unpriced";

    private static readonly DateTimeOffset Start = new(2025, 11, 20, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Models = ["anthropic/claude-sonnet-4.6", "anthropic/claude-opus-4.7", "openai/gpt-5.4"];
    private static readonly string[] Causes = ["answered", "answered", "overloaded", "client_gone"];

    public static async Task MeasureAsync(string name, string folder, string? address)
    {
        var options = new LedgerOptions { DataFolder = folder, Storage = address };
        await (await LedgerStore.OpenAsync(options, TimeProvider.System, NullLogger.Instance)).DisposeAsync();
        await using (DbConnection connection = address is null ? new SqliteConnection($"Data Source={Path.Combine(folder, "sluice.db")};Pooling=false") : new NpgsqlConnection(Address(address)))
        {
            await connection.OpenAsync();
            Console.WriteLine($"{name}: {await FillAsync(connection):N0} attempts of a year in the sums");
        }

        await using var ledger = await LedgerStore.OpenAsync(options, TimeProvider.System, NullLogger.Instance);
        var cpu = new StoreCpu(address is null ? null : Address(address));
        await ledger.ReportAsync(new ReportQuery([], Start, Start.AddDays(1)), CancellationToken.None);
        foreach (var dimension in Enum.GetValues<ReportDimension>())
        {
            // From inside a day to inside a day; hours alone are too many lines for a year.
            await ReportAsync(ledger, cpu, name, [dimension], dimension == ReportDimension.Hour ? 31 : Days);
        }

        await ReportAsync(ledger, cpu, name, [ReportDimension.User, ReportDimension.Model, ReportDimension.Week], Days);
        await ReportAsync(ledger, cpu, name, [ReportDimension.Session, ReportDimension.User], Days);
        await ReportAsync(ledger, cpu, name, [ReportDimension.User], 1);
    }

    private static async Task ReportAsync(LedgerStore ledger, StoreCpu cpu, string name, IReadOnlyList<ReportDimension> by, int days)
    {
        var query = new ReportQuery(by, Start.AddHours(7), Start.AddDays(days).AddHours(-5)) { MaxRows = 1000 };
        var times = new List<double>();
        var rows = 0;
        var before = await cpu.ReadAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            rows = (await ledger.ReportAsync(query, CancellationToken.None)).Rows.Count;
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        var spent = (await cpu.ReadAsync() - before) / Rounds;
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: by {string.Join(", ", by)} over {days} days: {times[Rounds / 2]:0} ms, worst {times[^1]:0} ms, {spent:0} ms of CPU ({rows} rows){(days == Days && times[Rounds / 2] > 300 ? " MISSED" : "")}"));
    }

    private static async Task<long> FillAsync(DbConnection connection)
    {
        var isPostgres = connection is NpgsqlConnection;
        await using var transaction = await connection.BeginTransactionAsync();
        var series = 0;
        for (var developer = 0; developer < Developers; developer++)
        {
            foreach (var model in Models)
            {
                for (var cause = 0; cause < Causes.Length; cause++)
                {
                    // Two providers answer, and each has its own way to fail.
                    series++;
                    await RunAsync(connection, $"""
                        INSERT INTO usage_series (id, {(isPostgres ? "hash, " : "")}key_id, "user", team, project, model, provider, client, cause) {(isPostgres ? "OVERRIDING SYSTEM VALUE" : "")}
                        VALUES ({series}, {(isPostgres ? $"md5('{series}')::uuid, " : "")}'key-{developer}', 'dev{developer}', 'team{developer % 6}', 'project{developer % 20}', '{model}', 'provider{cause % 2}', 'claude-code', '{Causes[cause]}')
                        """);
                }
            }
        }

        var (attempts, sessions) = (0L, 0);
        var hours = new List<string>();
        for (var day = 0; day < Days; day++)
        {
            if (Start.AddDays(day).DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)
            {
                continue;
            }

            for (var developer = 0; developer < Developers; developer++)
            {
                for (var hour = 0; hour < 9; hour++)
                {
                    // A session goes on for two hours or so.
                    sessions += hour % 2 == 0 ? 1 : 0;
                    for (var i = 0; i < 3; i++)
                    {
                        // One model and its background model, and now and then a failure.
                        var of = (developer * Models.Length * Causes.Length) + (((day + (i == 1 ? 1 : 0)) % Models.Length) * Causes.Length) + (i == 2 ? 1 + (hour % 3) : 0) + 1;
                        var number = 20 + ((developer + hour + i + day) % 17);
                        attempts += number;
                        hours.Add(string.Create(CultureInfo.InvariantCulture,
                            $"{Start.AddDays(day).AddHours(8 + hour).ToUnixTimeSeconds() / 3600}\t{of}\t{sessions}\t{number}\t{number}\t{number * 900}\t{number * 40_000}\t{number * 900}\t0\t{number * 400}\t0\t0\t0\t0\t{number * 9_876_543L}\t0\t0"));
                    }
                }
            }
        }

        await HoursAsync(connection, hours);
        for (var from = 1; from <= sessions; from += 1000)
        {
            var values = string.Join(", ", Enumerable.Range(from, Math.Min(1000, sessions + 1 - from)).Select(id => isPostgres ? $"({id}, md5('{id}')::uuid, 'session-{id}')" : $"({id}, 'session-{id}')"));
            await RunAsync(connection, $"INSERT INTO usage_sessions (id, {(isPostgres ? "hash, " : "")}session) {(isPostgres ? "OVERRIDING SYSTEM VALUE" : "")} VALUES {values}");
        }

        var sums = string.Join(", ", Measures.Split(", ").Select(name => $"CAST(SUM({name}) AS BIGINT)"));
        await RunAsync(connection, $"INSERT INTO usage_day (day, series, {Measures}) SELECT hour / 24, series, {sums} FROM usage_hour GROUP BY hour / 24, series");
        await RunAsync(connection, $"INSERT INTO usage_session_day (session, series, day, {Measures}) SELECT session, series, hour / 24, {sums} FROM usage_hour GROUP BY session, series, hour / 24");
        await transaction.CommitAsync();
        if (isPostgres)
        {
            // What its own cleaning does within minutes, where it is on.
            await RunAsync(connection, "VACUUM ANALYZE");
        }

        return attempts;
    }

    private static async Task HoursAsync(DbConnection connection, List<string> hours)
    {
        if (connection is NpgsqlConnection postgres)
        {
            await using var copy = await postgres.BeginTextImportAsync($"COPY usage_hour (hour, series, session, {Measures}) FROM STDIN");
            foreach (var line in hours)
            {
                await copy.WriteLineAsync(line);
            }

            return;
        }

        foreach (var chunk in hours.Chunk(500))
        {
            await RunAsync(connection, $"INSERT INTO usage_hour (hour, series, session, {Measures}) VALUES {string.Join(", ", chunk.Select(line => $"({line.Replace('\t', ',')})"))}");
        }
    }

    private static async Task RunAsync(DbConnection connection, string text)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = text;
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync();
    }

    private static string Address(string address)
    {
        var at = new Uri(address);
        return $"Host={at.Host};Port={at.Port};Database={at.AbsolutePath.Trim('/')};Username=sluice;Pooling=false";
    }
}
