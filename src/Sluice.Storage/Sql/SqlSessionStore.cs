using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Logging;
using Sluice.Core.Affinity;

namespace Sluice.Storage.Sql;

/// <summary>Sessions' homes in their own table. Nothing of the ledger refers to it, and losing it costs prompt caches only.</summary>
internal sealed class SqlSessionStore(ISqlDatabase database, ILogger logger) : ISessionStore
{
    // Looking for what is over the bound costs a walk over the index.
    private const int RowsBetweenTrims = 10_000;

    private int _sinceTrim;

    /// <summary>Called with what is saved, in its transaction.</summary>
    public Func<DbTransaction, IReadOnlyList<SessionRow>, Task>? Told { get; init; }

    public async Task<IReadOnlyList<SessionRow>> ListAsync(DateTimeOffset now, int most, CancellationToken cancellation)
    {
        try
        {
            return await QueryAsync("WHERE warm_until > @now ORDER BY warm_until DESC LIMIT @most", new { now = SqlValues.Ms(now), most }, cancellation);
        }
        catch (DbException e)
        {
            StorageLog.SessionsAway(logger, e);
            return [];
        }
    }

    public async Task<IReadOnlyList<SessionRow>> FindAsync(UInt128 session, CancellationToken cancellation)
    {
        try
        {
            return await QueryAsync("WHERE session = @session", new { session = SqlValues.Bytes(session) }, cancellation);
        }
        catch (OperationCanceledException)
        {
            return [];
        }
        catch (DbException e)
        {
            StorageLog.SessionsAway(logger, e);
            return [];
        }
    }

    public async Task<bool> WriteAsync(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, CancellationToken cancellation)
    {
        try
        {
            await database.WriteAsync(transaction => WriteAsync(rows, now, most, transaction), cancellation);
            return true;
        }
        catch (DbException e)
        {
            StorageLog.SessionsAway(logger, e);
            return false;
        }
    }

    private async Task<IReadOnlyList<SessionRow>> QueryAsync(string which, object parameters, CancellationToken cancellation)
    {
        await using var connection = await database.OpenReadAsync(cancellation);
        var rows = await connection.QueryAsync<HomeRow>(new CommandDefinition(
            $"""
            SELECT session AS Session, model AS Model, endpoint AS Endpoint, credential AS Credential, warm_until AS WarmUntil, lifetime_ms AS LifetimeMs, cached_tokens AS CachedTokens
            FROM session_home {which}
            """,
            parameters,
            cancellationToken: cancellation));
        return [.. rows.Select(row => row.Read()).OfType<SessionRow>()];
    }

    private async Task<int> WriteAsync(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, DbTransaction transaction)
    {
        var connection = transaction.Connection!;

        // In one order everywhere: two nodes that write the same two sessions in two orders would wait for each other.
        await SqlRows.ExecuteAsync(
            transaction,
            """
            INSERT INTO session_home (session, model, endpoint, credential, warm_until, lifetime_ms, cached_tokens)
            VALUES (@session, @model, @endpoint, @credential, @warm, @lifetime, @cached)
            ON CONFLICT (session, model) DO UPDATE SET
                endpoint = excluded.endpoint, credential = excluded.credential, warm_until = excluded.warm_until,
                lifetime_ms = excluded.lifetime_ms, cached_tokens = excluded.cached_tokens
            """,
            ["session", "model", "endpoint", "credential", "warm", "lifetime", "cached"],
            rows.OrderBy(row => row.Session).ThenBy(row => row.Model, StringComparer.Ordinal).Select(row => (object?[])
            [
                SqlValues.Bytes(row.Session), row.Model, row.Endpoint, row.Credential, SqlValues.Ms(row.WarmUntil), (long)row.Lifetime.TotalMilliseconds, row.CachedTokens,
            ]));

        var deleted = await connection.ExecuteAsync("DELETE FROM session_home WHERE warm_until <= @now", new { now = SqlValues.Ms(now) }, transaction);
        _sinceTrim += rows.Count;
        if (_sinceTrim >= Math.Min(most, RowsBetweenTrims))
        {
            _sinceTrim = 0;
            deleted += await connection.ExecuteAsync(
                "DELETE FROM session_home WHERE warm_until <= (SELECT warm_until FROM session_home ORDER BY warm_until DESC LIMIT 1 OFFSET @most)", new { most }, transaction);
        }

        if (Told is { } told)
        {
            await told(transaction, rows);
        }

        return deleted;
    }

    private sealed class HomeRow
    {
        public byte[] Session { get; init; } = [];

        public string Model { get; init; } = "";

        public string Endpoint { get; init; } = "";

        public string? Credential { get; init; }

        public long WarmUntil { get; init; }

        public long LifetimeMs { get; init; }

        public long CachedTokens { get; init; }

        public SessionRow? Read() => SqlValues.Hash(Session) is { } session
            ? new SessionRow(session, Model, Endpoint, Credential, SqlValues.Time(WarmUntil), TimeSpan.FromMilliseconds(LifetimeMs), CachedTokens)
            : null;
    }
}
