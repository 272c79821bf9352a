using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging;
using Sluice.Core.Reasoning;

namespace Sluice.Storage.Sql;

/// <summary>Kept thinking in its own table. Nothing of the ledger refers to it, and losing it costs no money.</summary>
internal sealed class SqlReasoningStore(ISqlDatabase database, ILogger logger) : IReasoningStore
{
    /// <summary>Called with what is saved, in its transaction.</summary>
    public Func<DbTransaction, ReasoningBatch, Task>? Told { get; init; }

    public async Task<IReadOnlyList<ReasoningRow>> ListAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.OpenReadAsync(cancellation);
            var rows = await connection.QueryAsync<TurnRow>(
                """SELECT "user" AS Owner, key AS Key, expires_at AS ExpiresAt, length(body) AS Size FROM reasoning WHERE expires_at > @now ORDER BY expires_at""",
                new { now = SqlValues.Ms(now) });
            return [.. rows.Select(row => row.Read()).OfType<ReasoningRow>()];
        }
        catch (DbException e)
        {
            StorageLog.ReasoningAway(logger, e);
            return [];
        }
    }

    public byte[]? Read(string user, UInt128 key)
    {
        try
        {
            using var connection = database.OpenRead();
            return connection.ExecuteScalar<byte[]?>("""SELECT body FROM reasoning WHERE "user" = @user AND key = @key""", new { user, key = SqlValues.Bytes(key) });
        }
        catch (DbException e)
        {
            StorageLog.ReasoningAway(logger, e);
            return null;
        }
    }

    public async Task<bool> WriteAsync(ReasoningBatch batch, DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            await database.WriteAsync(transaction => WriteAsync(batch, now, transaction), cancellation);
            return true;
        }
        catch (DbException e)
        {
            StorageLog.ReasoningAway(logger, e);
            return false;
        }
    }

    private async Task<int> WriteAsync(ReasoningBatch batch, DateTimeOffset now, DbTransaction transaction)
    {
        await SqlRows.ExecuteAsync(
            transaction,
            """DELETE FROM reasoning WHERE "user" = @user AND key = @key""",
            ["user", "key"],
            batch.Removed.Order().Select(turn => (object?[])[turn.User, SqlValues.Bytes(turn.Key)]));
        await SqlRows.ExecuteAsync(
            transaction,
            """
            INSERT INTO reasoning ("user", key, expires_at, body) VALUES (@user, @key, @expires, @body)
            ON CONFLICT ("user", key) DO UPDATE SET expires_at = excluded.expires_at, body = excluded.body
            """,
            ["user", "key", "expires", "body"],
            batch.Saved.OrderBy(turn => (turn.Row.User, turn.Row.Key)).Select(turn => (object?[])[turn.Row.User, SqlValues.Bytes(turn.Row.Key), SqlValues.Ms(turn.Row.ExpiresAt), turn.Body]));
        await SqlRows.ExecuteAsync(
            transaction,
            """UPDATE reasoning SET expires_at = @expires WHERE "user" = @user AND key = @key""",
            ["user", "key", "expires"],
            batch.Prolonged.OrderBy(row => (row.User, row.Key)).Select(row => (object?[])[row.User, SqlValues.Bytes(row.Key), SqlValues.Ms(row.ExpiresAt)]));
        if (Told is { } told)
        {
            await told(transaction, batch);
        }

        return await transaction.Connection!.ExecuteAsync("DELETE FROM reasoning WHERE expires_at <= @now", new { now = SqlValues.Ms(now) }, transaction);
    }

    private sealed class TurnRow
    {
        public string Owner { get; init; } = "";

        public byte[] Key { get; init; } = [];

        public long ExpiresAt { get; init; }

        public int Size { get; init; }

        public ReasoningRow? Read() => SqlValues.Hash(Key) is { } key ? new ReasoningRow(Owner, key, SqlValues.Time(ExpiresAt), Size) : null;
    }
}
