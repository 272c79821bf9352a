using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using Npgsql;
using NpgsqlTypes;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;

namespace Sluice.Storage.Postgres;

/// <summary>Nodes' slices of shared budgets, in tables that functions of the database keep: one call is one statement, by the database's own clock.</summary>
internal sealed class PostgresBudgetLeases(PostgresDatabase database) : IBudgetLeases
{
    // Requests wait for a call: the server gives up first, so that no call is still under way when the next one comes.
    private const string Bounded = "SELECT set_config('statement_timeout', '1500', true)";

    private const string Exchange = """
        SELECT line, is_taken, given, others_spent, others_reserved, is_short, has_passed
        FROM sluice_exchange_budgets($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        """;

    private const string Others = """
        SELECT s.scope, s.per, s.starts_at, least(sum(s.spent_nano), 9e18)::bigint, least(coalesce(sum(s.reserved_nano) FILTER (WHERE s.expires_at > now()), 0), 9e18)::bigint
        FROM budget_slices s JOIN budget_windows w USING (scope, per, starts_at)
        WHERE w.ends_at > now() AND s.node <> $1
        GROUP BY s.scope, s.per, s.starts_at
        """;

    // Nodes whose clocks are behind may still speak of yesterday.
    private const string Forget = "DELETE FROM budget_windows WHERE ends_at < now() - interval '2 days'";

    /// <inheritdoc/>
    public string? Fault { get; private set; }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SliceAnswer>?> ExchangeAsync(SliceCall call, CancellationToken cancellation)
    {
        var lines = call.Lines;
        var answers = new SliceAnswer[lines.Count];
        var isDone = await RunAsync(
            Exchange,
            [
                Text(call.Node), Text(call.Session), Number(call.Number), Interval(IBudgetLeases.ShortFor), Interval(IBudgetLeases.Doubt), new() { Value = IBudgetLeases.SlackShare },
                Texts(lines.Select(line => line.Budget.Scope.ToString())), Texts(lines.Select(line => line.Budget.Per.Word())),
                Times(lines.Select(line => line.Window.Start)), Times(lines.Select(line => line.Window.End)),
                Numbers(lines.Select(line => line.Budget.NanoUsd)), Flags(lines.Select(line => line.Budget.IsHard)),
                Numbers(lines.Select(line => line.Spent)), Numbers(lines.Select(line => line.Reserved)), Numbers(lines.Select(line => line.Keep)),
                Numbers(lines.Select(line => line.Need)), Numbers(lines.Select(line => line.Slack)),
                new() { Value = lines.Select(line => line.TimeToLive).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Interval }, Flags(lines.Select(line => line.IsFirst)),
            ],
            row => answers[row.GetInt32(0) - 1] = new SliceAnswer(row.GetBoolean(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetBoolean(5), row.GetBoolean(6)),
            cancellation);
        return isDone ? answers : null;
    }

    /// <inheritdoc/>
    public Task<bool> ImportAsync(string asking, BudgetName budget, BudgetWindow window, IReadOnlyDictionary<string, long> spent, CancellationToken cancellation) => RunAsync(
        "SELECT sluice_import_spending($1, $2, $3, $4, $5, $6, $7)",
        [
            Text(asking), Text(budget.Scope.ToString()), Text(budget.Per.Word()), new() { Value = window.Start.UtcDateTime }, new() { Value = window.End.UtcDateTime },
            Texts(spent.Keys), Numbers(spent.Values),
        ],
        static _ => { },
        cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OthersSpending>?> ReadAsync(string asking, CancellationToken cancellation)
    {
        var others = new List<OthersSpending>();
        var isDone = await RunAsync(
            Others,
            [Text(asking)],
            row =>
            {
                if (Budget.TryParseScope(row.GetString(0), out var scope) && BudgetPeriods.Parse(row.GetString(1)) is { } per)
                {
                    others.Add(new OthersSpending(new BudgetName(scope, per), new DateTimeOffset(row.GetDateTime(2), TimeSpan.Zero), row.GetInt64(3), row.GetInt64(4)));
                }
            },
            cancellation);
        return isDone ? others : null;
    }

    /// <inheritdoc/>
    public Task<bool> ForgetAsync(CancellationToken cancellation) => RunAsync(Forget, [], static _ => { }, cancellation);

    // False: the database is away, or too slow for requests to wait for it.
    private async Task<bool> RunAsync(string sql, IEnumerable<NpgsqlParameter> parameters, Action<DbDataReader> read, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.ConnectForExchangeAsync(cancellation);

            // Both in one round trip and, without a transaction around them, in one of the server's own.
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand(Bounded) }, Timeout = 2 };
            var command = new NpgsqlBatchCommand(sql);
            foreach (var parameter in parameters)
            {
                command.Parameters.Add(parameter);
            }

            batch.BatchCommands.Add(command);
            await using var reader = await batch.ExecuteReaderAsync(cancellation);
            await reader.NextResultAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                read(reader);
            }

            Fault = null;
            return true;
        }
        catch (PostgresException e)
        {
            Fault = e.MessageText;
            return false;
        }
        catch (Exception e) when (e is DbException or SocketException or TimeoutException or IOException || (e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            // Whatever else idles in the pool is as dead as this connection: the next call must not fail for it.
            database.ForgetExchange();
            Fault = cancellation.IsCancellationRequested ? "It did not answer in time." : e.Message;
            return false;
        }
    }

    private static NpgsqlParameter Text(string value) => new() { Value = value };

    private static NpgsqlParameter Number(long value) => new() { Value = value };

    private static NpgsqlParameter Interval(TimeSpan value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Interval };

    private static NpgsqlParameter Texts(IEnumerable<string> values) => new() { Value = values.ToArray() };

    private static NpgsqlParameter Numbers(IEnumerable<long> values) => new() { Value = values.ToArray() };

    private static NpgsqlParameter Flags(IEnumerable<bool> values) => new() { Value = values.ToArray() };

    private static NpgsqlParameter Times(IEnumerable<DateTimeOffset> values) => new() { Value = values.Select(value => value.UtcDateTime).ToArray() };
}
