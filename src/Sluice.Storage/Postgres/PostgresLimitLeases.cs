using System.Net.Sockets;
using Npgsql;
using NpgsqlTypes;
using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;

namespace Sluice.Storage.Postgres;

/// <summary>Leases of limits in PostgreSQL: one statement a call, which locks each limit for itself, in one order for all nodes.</summary>
/// <param name="database">Shared with other nodes.</param>
/// <param name="clock">What time it is; null: the database's own clock, which is the only one that all nodes have.</param>
internal sealed class PostgresLimitLeases(PostgresDatabase database, TimeProvider? clock = null) : ILimitLeases
{
    private const string Sql = "SELECT * FROM sync_limit_leases($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    // Seconds; whoever asked has given up by then.
    private const int LongestCall = 3;

    /// <inheritdoc/>
    public async Task<LeaseAnswer> SyncAsync(LeaseCall call, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.ConnectForExchangeAsync(cancellation);
            await using var command = Command(connection, call);
            await using var rows = await command.ExecuteReaderAsync(cancellation);
            return await ReadAsync(rows, call.Asks.Count, cancellation) ?? LeaseAnswer.Failed("A later call of this node came before.");
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException or IOException && !cancellation.IsCancellationRequested)
        {
            if (e is not PostgresException)
            {
                // Whatever else idles in the pool is as dead as this connection: the next call must not fail for it.
                database.ForgetExchange();
            }

            return LeaseAnswer.Failed(e.Message);
        }
    }

    private NpgsqlCommand Command(NpgsqlConnection connection, LeaseCall call)
    {
        var (asks, count) = (call.Asks, call.Asks.Count);
        var (scopes, kinds) = (new string[count], new short[count]);
        var numbers = new long[6][];
        for (var column = 0; column < numbers.Length; column++)
        {
            numbers[column] = new long[count];
        }

        for (var i = 0; i < count; i++)
        {
            var ask = asks[i];
            (scopes[i], kinds[i]) = (ask.Scope.ToString(), Number(ask.Kind));
            (numbers[0][i], numbers[1][i], numbers[2][i], numbers[3][i], numbers[4][i]) = (ask.Limit, ask.Held, ask.Used, ask.Wanted, ask.Need);
            numbers[5][i] = (long)ask.Waited.TotalMilliseconds;
        }

        var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = LongestCall };
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = call.Owner });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = call.Number });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = call.IsLast });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.TimestampTz, Value = (object?)clock?.GetUtcNow().UtcDateTime ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = scopes });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = kinds });
        foreach (var column in numbers)
        {
            command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = column });
        }

        return command;
    }

    private static async Task<LeaseAnswer?> ReadAsync(NpgsqlDataReader rows, int asks, CancellationToken cancellation)
    {
        int? nodes = null;
        var replies = new LeaseReply[asks];
        while (await rows.ReadAsync(cancellation))
        {
            var place = rows.GetInt32(0);
            nodes = rows.GetInt32(6);
            if (place > 0)
            {
                replies[place - 1] = new LeaseReply(rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetBoolean(5));
            }
        }

        return nodes is { } known ? new LeaseAnswer(known, replies) : null;
    }

    // As they stand in the database, where 4 and 5 are told apart from the others.
    private static short Number(LimitKind kind) => kind switch
    {
        LimitKind.Requests => 1,
        LimitKind.Input => 2,
        LimitKind.Output => 3,
        LimitKind.Day => 4,
        LimitKind.Concurrency => 5,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "It is not shared."),
    };
}
