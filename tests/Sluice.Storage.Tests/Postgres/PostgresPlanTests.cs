using Dapper;
using Npgsql;
using Sluice.Core.Ledger;
using Sluice.Storage.Postgres;
using Sluice.Storage.Sql;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

/// <summary>PostgreSQL finds what reports ask for by the keys of the sums, in a year of them: a short report must not read the year.</summary>
public sealed class PostgresPlanTests
{
    private static readonly DateTimeOffset Since = new(2026, 3, 4, 7, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Report_OfAFewDaysInAYear_ReadsNoWholeTableOfSums()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var address = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var database = await PostgresDatabase.OpenAsync(address, TestContext.Current.CancellationToken);
        await using var connection = await database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);

        // 2026 from its first hour on: 20 series a day, each in two hours and in a session of its own.
        await connection.ExecuteAsync(
            """
            INSERT INTO usage_hour SELECT 490896 + day * 24 + 10 + half, series, day * 20 + series, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0
            FROM generate_series(0, 364) AS day, generate_series(1, 20) AS series, generate_series(0, 1) AS half;
            INSERT INTO usage_day SELECT hour / 24, series, SUM(requests), SUM(attempts), 0, 0, 0, 0, 0, 0, 0, 0, 0, SUM(cost_nano), 0, 0 FROM usage_hour GROUP BY 1, 2;
            INSERT INTO usage_session_day SELECT session, series, hour / 24, SUM(cost_nano), SUM(attempts), SUM(requests), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM usage_hour GROUP BY 1, 2, 3;
            ANALYZE;
            """);

        foreach (var dimension in Enum.GetValues<ReportDimension>())
        {
            var plan = await PlanAsync(connection, new ReportQuery([dimension], Since, Since.AddDays(5)));
            Assert.DoesNotContain("Seq Scan on usage_hour", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Seq Scan on usage_day", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("Seq Scan on usage_session_day", plan, StringComparison.Ordinal);
        }

        // Over most of the year its ragged edges still come from the key, whatever is done with the days.
        var year = await PlanAsync(connection, new ReportQuery([ReportDimension.Session], Since.AddDays(-60), Since.AddDays(250)));
        Assert.DoesNotContain("Seq Scan on usage_hour", year, StringComparison.Ordinal);
    }

    private static async Task<string> PlanAsync(NpgsqlConnection connection, ReportQuery query)
    {
        await using var command = connection.Command("EXPLAIN " + ReportSql.Of(query), ReportSql.Parameters(query));
        await using var row = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await row.ReadAsync())
        {
            lines.Add(row.GetString(0));
        }

        return string.Join('\n', lines);
    }
}
