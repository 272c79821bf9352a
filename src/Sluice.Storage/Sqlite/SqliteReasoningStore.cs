using System.Buffers.Binary;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Sluice.Core.Reasoning;

namespace Sluice.Storage.Sqlite;

/// <summary>Kept thinking in its own table. Nothing of the ledger refers to it, and losing it costs no money.</summary>
internal sealed class SqliteReasoningStore(SqliteDatabase database, ILogger logger) : IReasoningStore
{
    public Task<IReadOnlyList<ReasoningRow>> ListAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var rows = new List<ReasoningRow>();
        try
        {
            using var connection = database.OpenRead();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT user, key, expires_at, length(body) FROM reasoning WHERE expires_at > @now ORDER BY expires_at";
            command.Parameters.AddWithValue("@now", LedgerRows.Ms(now));
            using var row = command.ExecuteReader();
            while (row.Read())
            {
                if (row.GetValue(1) is byte[] { Length: 16 } key)
                {
                    rows.Add(new ReasoningRow(row.GetString(0), BinaryPrimitives.ReadUInt128BigEndian(key), LedgerRows.Time(row.GetInt64(2)), row.GetInt32(3)));
                }
            }
        }
        catch (SqliteException e)
        {
            StorageLog.ReasoningAway(logger, e);
        }

        return Task.FromResult<IReadOnlyList<ReasoningRow>>(rows);
    }

    public byte[]? Read(string user, UInt128 key)
    {
        try
        {
            using var connection = database.OpenRead();
            return connection.ExecuteScalar<byte[]?>("SELECT body FROM reasoning WHERE user = @user AND key = @key", new { user, key = Bytes(key) });
        }
        catch (SqliteException e)
        {
            StorageLog.ReasoningAway(logger, e);
            return null;
        }
    }

    public async Task<bool> WriteAsync(ReasoningBatch batch, DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            await database.WriteAsync((connection, transaction) => Write(batch, now, connection, transaction), cancellation);
            return true;
        }
        catch (SqliteException e)
        {
            StorageLog.ReasoningAway(logger, e);
            return false;
        }
    }

    private static int Write(ReasoningBatch batch, DateTimeOffset now, SqliteConnection connection, SqliteTransaction transaction)
    {
        foreach (var (user, key) in batch.Removed)
        {
            connection.Execute("DELETE FROM reasoning WHERE user = @user AND key = @key", new { user, key = Bytes(key) }, transaction);
        }

        foreach (var (row, body) in batch.Saved)
        {
            connection.Execute(
                "INSERT INTO reasoning (user, key, expires_at, body) VALUES (@User, @key, @expires, @body) ON CONFLICT (user, key) DO UPDATE SET expires_at = @expires, body = @body",
                new { row.User, key = Bytes(row.Key), expires = LedgerRows.Ms(row.ExpiresAt), body },
                transaction);
        }

        foreach (var row in batch.Prolonged)
        {
            connection.Execute(
                "UPDATE reasoning SET expires_at = @expires WHERE user = @User AND key = @key",
                new { row.User, key = Bytes(row.Key), expires = LedgerRows.Ms(row.ExpiresAt) },
                transaction);
        }

        return connection.Execute("DELETE FROM reasoning WHERE expires_at <= @now", new { now = LedgerRows.Ms(now) }, transaction);
    }

    private static byte[] Bytes(UInt128 key)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, key);
        return bytes;
    }
}
