using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Core.Affinity;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>Sessions' homes in PostgreSQL. What a node stores is told to the others with the commit, so that none asks the database while a request waits.</summary>
internal sealed class PostgresSessionStore : ISessionStore
{
    private const string Channel = "sluice_homes";

    private readonly SqlSessionStore _rows;
    private readonly PostgresFeed _feed;
    private readonly TimeProvider _time;

    public PostgresSessionStore(PostgresDatabase database, PostgresFeed feed, TimeProvider time, ILogger logger)
    {
        (_feed, _time) = (feed, time);
        _rows = new SqlSessionStore(database, logger) { Told = (transaction, rows) => feed.TellAsync(transaction, Channel, rows.Select(Write)) };
    }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public bool HasOthers => _feed.HasOthers;

    /// <inheritdoc/>
    public Task<IReadOnlyList<SessionRow>> FindAsync(UInt128 session, CancellationToken cancellation) => _rows.FindAsync(session, cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<SessionRow>> ListAsync(DateTimeOffset now, int most, CancellationToken cancellation) => _rows.ListAsync(now, most, cancellation);

    /// <inheritdoc/>
    public Task<bool> WriteAsync(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, CancellationToken cancellation) => _rows.WriteAsync(rows, now, most, cancellation);

    /// <inheritdoc/>
    public void Follow(Action<IReadOnlyList<SessionRow>> heard) => _feed.Listen(
        Channel,
        lines => heard([.. lines.Skip(1).Select(Read).OfType<SessionRow>()]),
        () => _ = ReadAllAsync(heard));

    internal static string Write(SessionRow row) => NewsLine.Write(json =>
    {
        json.WriteStringValue(row.Session.ToString("x32", CultureInfo.InvariantCulture));
        json.WriteStringValue(row.Model);
        json.WriteStringValue(row.Endpoint);
        json.WriteStringValue(row.Credential);
        json.WriteNumberValue(SqlValues.Ms(row.WarmUntil));
        json.WriteNumberValue((long)row.Lifetime.TotalMilliseconds);
        json.WriteNumberValue(row.CachedTokens);
    });

    internal static SessionRow? Read(string line) => NewsLine.Read(line, 7, json => new SessionRow(
        NewsLine.Hash(json[0]), json[1].GetString()!, json[2].GetString()!, json[3].GetString(),
        SqlValues.Time(json[4].GetInt64()), TimeSpan.FromMilliseconds(json[5].GetInt64()), json[6].GetInt64()));

    private async Task ReadAllAsync(Action<IReadOnlyList<SessionRow>> heard) => heard(await ListAsync(_time.GetUtcNow(), SessionAffinity.MostSessions, CancellationToken.None));
}
