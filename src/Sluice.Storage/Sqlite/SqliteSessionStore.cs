using System.Buffers.Binary;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Sluice.Core.Affinity;

namespace Sluice.Storage.Sqlite;

/// <summary>Sessions' homes in their own table. Nothing of the ledger refers to it, and losing it costs prompt caches only.</summary>
internal sealed class SqliteSessionStore(SqliteDatabase database, ILogger logger) : ISessionStore
{
    // Looking for what is over the bound costs a walk over the index.
    private const int RowsBetweenTrims = 10_000;

    private int _sinceTrim;

    public Task<IReadOnlyList<SessionRow>> ListAsync(DateTimeOffset now, int most, CancellationToken cancellation)
    {
        var rows = new List<SessionRow>();
        try
        {
            using var connection = database.OpenRead();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT session, model, endpoint, credential, warm_until, lifetime_ms, cached_tokens FROM session_home WHERE warm_until > @now ORDER BY warm_until DESC LIMIT @most";
            command.Parameters.AddWithValue("@now", LedgerRows.Ms(now));
            command.Parameters.AddWithValue("@most", most);
            using var row = command.ExecuteReader();
            while (row.Read())
            {
                if (row.GetValue(0) is byte[] { Length: 16 } session)
                {
                    rows.Add(new SessionRow(
                        BinaryPrimitives.ReadUInt128BigEndian(session), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3),
                        LedgerRows.Time(row.GetInt64(4)), TimeSpan.FromMilliseconds(row.GetInt64(5)), row.GetInt64(6)));
                }
            }
        }
        catch (SqliteException e)
        {
            StorageLog.SessionsAway(logger, e);
        }

        return Task.FromResult<IReadOnlyList<SessionRow>>(rows);
    }

    public async Task<bool> WriteAsync(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, CancellationToken cancellation)
    {
        try
        {
            await database.WriteAsync((connection, transaction) => Write(rows, now, most, connection, transaction), cancellation);
            return true;
        }
        catch (SqliteException e)
        {
            StorageLog.SessionsAway(logger, e);
            return false;
        }
    }

    private int Write(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, SqliteConnection connection, SqliteTransaction transaction)
    {
        foreach (var row in rows)
        {
            var session = new byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(session, row.Session);
            connection.Execute(
                """
                INSERT INTO session_home (session, model, endpoint, credential, warm_until, lifetime_ms, cached_tokens)
                VALUES (@session, @Model, @Endpoint, @Credential, @warm, @lifetime, @CachedTokens)
                ON CONFLICT (session, model) DO UPDATE SET
                    endpoint = excluded.endpoint, credential = excluded.credential, warm_until = excluded.warm_until,
                    lifetime_ms = excluded.lifetime_ms, cached_tokens = excluded.cached_tokens
                """,
                new { session, row.Model, row.Endpoint, row.Credential, warm = LedgerRows.Ms(row.WarmUntil), lifetime = (long)row.Lifetime.TotalMilliseconds, row.CachedTokens },
                transaction);
        }

        var deleted = connection.Execute("DELETE FROM session_home WHERE warm_until <= @now", new { now = LedgerRows.Ms(now) }, transaction);
        _sinceTrim += rows.Count;
        if (_sinceTrim >= Math.Min(most, RowsBetweenTrims))
        {
            _sinceTrim = 0;
            deleted += connection.Execute(
                "DELETE FROM session_home WHERE warm_until <= (SELECT warm_until FROM session_home ORDER BY warm_until DESC LIMIT 1 OFFSET @most)", new { most }, transaction);
        }

        return deleted;
    }
}
