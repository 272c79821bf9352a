using Dapper;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;
using Sluice.Storage.Postgres;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

/// <summary>Several nodes that store into one database.</summary>
public sealed class PostgresNodesTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ManualTimeProvider _time = new(Records.Noon);
    private readonly List<PostgresDatabase> _databases = [];
    private string _address = "";

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        _address = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _databases)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task F29_Store_FromFourNodesIntoTheSameSeries_LosesNothingAndNeverDeadlocks()
    {
        const int Nodes = 4;
        const int Batches = 40;
        const int Each = 50;
        var nodes = await Task.WhenAll(Enumerable.Range(0, Nodes).Select(node => NodeAsync($"node-{node}")));

        // Each node meets the same few sums in another order, new series and sessions among them.
        await Task.WhenAll(nodes.Select((sink, node) => Task.Run(async () =>
        {
            var random = new Random(node);
            for (var at = 0; at < Batches; at++)
            {
                var batch = new LedgerBatch();
                for (var i = 0; i < Each; i++)
                {
                    var id = $"att-{node}-{at}-{i}";
                    batch.Started.Add(Records.Start(id, "gen-" + id) with
                    {
                        User = "dev" + random.Next(6), Session = random.Next(8) == 0 ? null : $"session-{at}-{random.Next(5)}", StartedAt = Records.Noon.AddMinutes(random.Next(-180, 180)),
                    });
                    batch.Settled.Add((random.Next(3) == 0 ? Records.Failure(id, ErrorKind.Overloaded) : Records.End(id)) with { CostNanoUsd = random.Next(1_000_000) });
                }

                Assert.Equal(0, await sink.StoreAsync(batch, new JournalPosition(1, at), None));
            }
        })));

        await using var connection = await _databases[0].Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var rows = await connection.QuerySingleAsync<(long Attempts, long Cost)>("SELECT COUNT(*), SUM(cost_nano)::bigint FROM attempts");
        Assert.Equal(Nodes * Batches * Each, rows.Attempts);
        foreach (var table in new[] { "usage_hour", "usage_day", "usage_session_day" })
        {
            Assert.Equal(rows, await connection.QuerySingleAsync<(long, long)>($"SELECT SUM(attempts)::bigint, SUM(cost_nano)::bigint FROM {table}"));
        }

        // By the finest key as well: what the rows say of each sum, and what the sums say.
        const string FromRows = """
            SELECT started_at / 3600000 AS hour, "user", COALESCE(session, '') AS session, outcome = 'Succeeded' AS answered, COUNT(*) AS attempts, SUM(cost_nano)::bigint AS cost
            FROM attempts GROUP BY 1, 2, 3, 4
            """;
        const string FromSums = """
            SELECT u.hour::bigint, s."user", COALESCE(n.session, ''), s.cause = 'answered', u.attempts, u.cost_nano
            FROM usage_hour AS u JOIN usage_series AS s ON s.id = u.series LEFT JOIN usage_sessions AS n ON n.id = u.session
            """;
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM (({FromRows} EXCEPT {FromSums}) UNION ALL ({FromSums} EXCEPT {FromRows})) AS x"));
        Assert.Equal(0, await connection.ExecuteScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
    }

    [Fact]
    public async Task F29_Store_TheSameJournalFromTwoNodesAtOnce_CountsEachAttemptOnce()
    {
        // As when a data folder was copied: the same ids, cut into batches elsewhere.
        var nodes = await Task.WhenAll(NodeAsync("node-a"), NodeAsync("node-b"));

        await Task.WhenAll(nodes.Select((sink, node) => Task.Run(async () =>
        {
            for (var from = 0; from < 600; from += 40 + (node * 7))
            {
                var batch = new LedgerBatch();
                foreach (var i in Enumerable.Range(from, Math.Min(600 - from, 40 + (node * 7))))
                {
                    batch.Started.Add(Records.Start($"att-{i}", $"gen-{i}"));
                    batch.Settled.Add(Records.End($"att-{i}"));
                    batch.Requests.Add(Records.Request($"gen-{i}"));
                    batch.Requests.Add(Records.Request($"gen-refused-{i}", attempts: 0));
                }

                Assert.Equal(0, await sink.StoreAsync(batch, new JournalPosition(1, from), None));
            }
        })));

        var row = Assert.Single((await new PostgresLedgerQueries(_databases[0]).ReportAsync(Everything, None)).Rows);
        Assert.Equal((600, 1200, 600 * 1_234_567L), (row.Attempts, row.Requests, row.CostNanoUsd));
    }

    [Fact]
    public async Task Position_IsEachNodesOwn()
    {
        var (a, b) = (await NodeAsync("node-a"), await NodeAsync("node-b"));
        await a.StoreAsync(new LedgerBatch(), new JournalPosition(1, 10), None);
        await b.StoreAsync(new LedgerBatch(), new JournalPosition(2, 20), None);

        Assert.Equal(new JournalPosition(1, 10), await (await NodeAsync("node-a")).ReadPositionAsync(None));
        Assert.Equal(new JournalPosition(2, 20), await b.ReadPositionAsync(None));
        Assert.Equal(default, await (await NodeAsync("node-c")).ReadPositionAsync(None));
    }

    [Fact]
    public async Task Abandoned_AreTheNodesOwn_AndThoseThatAnotherLeftBehindADayAgo()
    {
        var (a, b) = (await NodeAsync("node-a"), await NodeAsync("node-b"));
        await a.StoreAsync(Started("a-old", -27), new JournalPosition(1, 1), None);
        await a.StoreAsync(Started("a-late", -25), new JournalPosition(1, 2), None);

        // A node that starts completes what another left behind, and its own whatever their age.
        Assert.Equal(1, await b.CompleteAbandonedAsync(Records.Noon, None));
        await b.StoreAsync(Started("b-now", 0), new JournalPosition(1, 1), None);
        Assert.Equal(1, await b.CompleteAbandonedAsync(Records.Noon, None));
        Assert.Equal(["a-late"], await RunningAsync());

        // And a node that runs on does the former by itself, but never completes its own: one of them may take its time.
        await b.StoreAsync(Started("b-long", -25), new JournalPosition(1, 2), None);
        _time.Advance(TimeSpan.FromHours(2));
        await b.StoreAsync(new LedgerBatch(), new JournalPosition(1, 3), None);
        Assert.Equal(["b-long"], await RunningAsync());

        var row = Assert.Single((await new PostgresLedgerQueries(_databases[0]).ReportAsync(new ReportQuery([], Records.Noon.AddDays(-3), Records.Noon.AddDays(1)), None)).Rows);
        Assert.Equal((3, 3000, 9_000_000, 3), (row.Attempts, row.Input, row.CostNanoUsd, row.Estimated));
    }

    [Fact]
    public async Task Store_TextsWithTheCharacterZero_HoldUpNothing()
    {
        var node = await NodeAsync("node-a");
        var batch = new LedgerBatch();
        batch.Started.Add(Records.Start("a") with { Session = "s\0", User = "dev\0", Client = "\0" });
        batch.Settled.Add(Records.Failure("a", ErrorKind.Timeout) with { Message = "half\0way" });
        batch.Requests.Add(Records.Request("gen-1") with { RequestedModel = "m\0", Tags = "\0" });

        Assert.Equal(0, await node.StoreAsync(batch, new JournalPosition(1, 1), None));

        var trail = await new PostgresLedgerQueries(_databases[0]).FindRequestAsync("gen-1", None);
        Assert.Equal(("m\uFFFD", "half\uFFFDway"), (trail!.Request!.RequestedModel, trail.Attempts[0].Settled!.Message));
    }

    [Fact]
    public async Task Store_TextsOfManyKilobytes_AreKept()
    {
        var node = await NodeAsync("node-a");
        var random = new Random(1);
        var text = new string([.. Enumerable.Range(0, 20_000).Select(_ => (char)random.Next('a', 'z'))]);
        var batch = new LedgerBatch();
        batch.Started.Add(Records.Start("a") with { Session = text, User = text, Model = text });
        batch.Settled.Add(Records.End("a"));

        Assert.Equal(0, await node.StoreAsync(batch, new JournalPosition(1, 1), None));

        Assert.Equal([text], Assert.Single((await new PostgresLedgerQueries(_databases[0]).ReportAsync(Everything with { By = [ReportDimension.Session] }, None)).Rows).Keys);
    }

    private static ReportQuery Everything { get; } = new([], Records.Noon.AddDays(-1), Records.Noon.AddDays(1));

    private static LedgerBatch Started(string id, int hours)
    {
        var batch = new LedgerBatch();
        batch.Started.Add(Records.Start(id, "gen-" + id) with { StartedAt = Records.Noon.AddHours(hours) });
        return batch;
    }

    private async Task<PostgresLedgerSink> NodeAsync(string id)
    {
        var database = await PostgresDatabase.OpenAsync(_address, TestContext.Current.CancellationToken);
        lock (_databases)
        {
            _databases.Add(database);
        }

        return new PostgresLedgerSink(database, id, _time);
    }

    private async Task<IEnumerable<string>> RunningAsync()
    {
        await using var connection = await _databases[0].Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return await connection.QueryAsync<string>("SELECT attempt_id FROM attempts WHERE ended_at IS NULL ORDER BY 1");
    }
}
