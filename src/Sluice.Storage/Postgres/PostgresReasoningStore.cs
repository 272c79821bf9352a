using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging;
using Sluice.Core.Reasoning;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>Kept thinking in PostgreSQL. Nodes tell one another which turns there are; the bodies are read by whoever needs them, all of a conversation at once.</summary>
internal sealed class PostgresReasoningStore : IReasoningStore
{
    private const string Channel = "sluice_thinking";
    private const string Saved = "saved";
    private const string Prolonged = "prolonged";
    private const string Removed = "removed";

    private readonly SqlReasoningStore _rows;
    private readonly PostgresDatabase _database;
    private readonly PostgresFeed _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public PostgresReasoningStore(PostgresDatabase database, PostgresFeed feed, TimeProvider time, ILogger logger)
    {
        (_database, _feed, _time, _logger) = (database, feed, time, logger);
        _rows = new SqlReasoningStore(database, logger) { Told = (transaction, batch) => feed.TellAsync(transaction, Channel, Write(batch)) };
    }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public bool HasOthers => _feed.HasOthers;

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReasoningRow>> ListAsync(DateTimeOffset now, CancellationToken cancellation) => _rows.ListAsync(now, cancellation);

    /// <inheritdoc/>
    public byte[]? Read(string user, UInt128 key) => _rows.Read(user, key);

    /// <inheritdoc/>
    public Task<bool> WriteAsync(ReasoningBatch batch, DateTimeOffset now, CancellationToken cancellation) => _rows.WriteAsync(batch, now, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<(UInt128 Key, byte[] Body)>> ReadAsync(string user, IReadOnlyList<UInt128> keys, CancellationToken cancellation)
    {
        if (_feed.Standing.AwaySince is not null)
        {
            return [];
        }

        try
        {
            await using var connection = await _database.ConnectAsync(cancellation);
            var rows = await connection.QueryAsync<(byte[] Key, byte[] Body)>(new CommandDefinition(
                """SELECT key, body FROM reasoning WHERE "user" = @user AND key = ANY (@keys)""",
                new { user, keys = keys.Select(SqlValues.Bytes).ToArray() },
                cancellationToken: cancellation));
            return [.. from row in rows let key = SqlValues.Hash(row.Key) where key is not null select (key.Value, row.Body)];
        }
        catch (Exception e) when (e is DbException or OperationCanceledException)
        {
            StorageLog.ReasoningAway(_logger, e);
            return [];
        }
    }

    /// <inheritdoc/>
    public void Follow(Action<ReasoningNews> heard) => _feed.Listen(Channel, lines => heard(Read(lines.Skip(1))), () => _ = ReadAllAsync(heard));

    internal static IEnumerable<string> Write(ReasoningBatch batch) =>
    [
        .. batch.Saved.Select(turn => Write(Saved, turn.Row)),
        .. batch.Prolonged.Select(row => Write(Prolonged, row)),
        .. batch.Removed.Select(turn => Write(Removed, new ReasoningRow(turn.User, turn.Key, DateTimeOffset.UnixEpoch, 0))),
    ];

    internal static ReasoningNews Read(IEnumerable<string> lines)
    {
        var rows = lines.Select(Read).OfType<Line>().ToLookup(line => line.What, line => line.Row);
        return new ReasoningNews([.. rows[Saved]], [.. rows[Prolonged]], [.. rows[Removed].Select(row => (row.User, row.Key))]);
    }

    private static string Write(string what, ReasoningRow row) => NewsLine.Write(json =>
    {
        json.WriteStringValue(what);
        json.WriteStringValue(row.User);
        json.WriteStringValue(row.Key.ToString("x32", CultureInfo.InvariantCulture));
        json.WriteNumberValue(SqlValues.Ms(row.ExpiresAt));
        json.WriteNumberValue(row.Size);
    });

    private static Line? Read(string line) => NewsLine.Read(line, 5, json => new Line(
        json[0].GetString()!, new ReasoningRow(json[1].GetString()!, NewsLine.Hash(json[2]), SqlValues.Time(json[3].GetInt64()), json[4].GetInt32())));

    private async Task ReadAllAsync(Action<ReasoningNews> heard) => heard(new ReasoningNews([], await ListAsync(_time.GetUtcNow(), CancellationToken.None), []));

    private sealed record Line(string What, ReasoningRow Row);
}
