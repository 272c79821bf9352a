using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>
/// Adds a batch to the sums that reports read, which all nodes write. Every node takes series, sessions and sums in this order and each of them by
/// rising keys: two that meet at a row then wait for one another in one direction only, and never in a ring. One batch at a time.
/// </summary>
internal sealed class PostgresUsageSums
{
    // Bounded: series are few, sessions are not. Cleared, not trimmed; refilling costs one indexed look-up each.
    private const int MaxCached = 50_000;

    private const string FindSeries = "SELECT hash, id FROM usage_series WHERE hash = ANY ($1)";
    private const string FindSessions = "SELECT hash, id FROM usage_sessions WHERE hash = ANY ($1)";

    private const string AddSessions = """
        INSERT INTO usage_sessions (hash, session)
        SELECT v.hash, v.session FROM unnest($1, $2) AS v (hash, session)
        WHERE NOT EXISTS (SELECT FROM usage_sessions AS s WHERE s.hash = v.hash)
        ORDER BY v.hash ON CONFLICT (hash) DO NOTHING
        """;

    // What is there is left out before, since every row that meets another one uses up a number.
    private static readonly string AddSeries = $"""
        INSERT INTO usage_series (hash, {LedgerRows.SeriesColumns})
        SELECT v.* FROM unnest($1, {ColumnArrays.Parameters(2, 8)}) AS v (hash, {LedgerRows.SeriesColumns})
        WHERE NOT EXISTS (SELECT FROM usage_series AS s WHERE s.hash = v.hash)
        ORDER BY v.hash ON CONFLICT (hash) DO NOTHING
        """;

    private static readonly string AddHours = Upsert("usage_hour", "hour, series, session", 3);
    private static readonly string AddDays = Upsert("usage_day", "day, series", 2);
    private static readonly string AddSessionDays = Upsert("usage_session_day", "session, series, day", 3);

    private readonly Dictionary<UsageSeries, int> _series = [];
    private readonly Dictionary<string, int> _sessions = [];

    /// <summary>Writes numbers for series and sessions that have none yet.</summary>
    /// <returns>The statements that add the sums, for the end of the transaction: their rows are every node's, and are held until it is committed.</returns>
    public async Task<IReadOnlyList<NpgsqlBatchCommand>> PrepareAsync(UsageSums sums, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        if (sums.Hours.Count == 0)
        {
            return [];
        }

        var series = await SeriesAsync(sums, connection, transaction, cancellation);
        var sessions = await SessionsAsync(sums, connection, transaction, cancellation);
        var hours = new SortedDictionary<(int Hour, int Series, int Session), long[]>();
        var days = new SortedDictionary<(int Day, int Series), long[]>();
        var sessionDays = new SortedDictionary<(int Session, int Series, int Day), long[]>();
        foreach (var (key, measures) in sums.Hours)
        {
            var (hour, ofSeries, session) = (checked((int)key.Hour), series[key.Series], key.Session.Length == 0 ? 0 : sessions[key.Session]);
            UsageSums.AddTo(hours, (hour, ofSeries, session), measures);
            UsageSums.AddTo(days, (hour / 24, ofSeries), measures);
            UsageSums.AddTo(sessionDays, (session, ofSeries, hour / 24), measures);
        }

        return
        [
            Add(AddHours, hours.Values, hours.Keys.Select(key => key.Hour), hours.Keys.Select(key => key.Series), hours.Keys.Select(key => key.Session)),
            Add(AddDays, days.Values, days.Keys.Select(key => key.Day), days.Keys.Select(key => key.Series)),
            Add(AddSessionDays, sessionDays.Values, sessionDays.Keys.Select(key => key.Session), sessionDays.Keys.Select(key => key.Series), sessionDays.Keys.Select(key => key.Day)),
        ];
    }

    /// <summary>Forgets all numbers, after a transaction that failed: its new ones do not exist.</summary>
    public void Forget()
    {
        _series.Clear();
        _sessions.Clear();
    }

    private static string Upsert(string table, string keys, int count) => $"""
        INSERT INTO {table} AS t ({keys}, {LedgerRows.Measures})
        SELECT * FROM unnest({ColumnArrays.Parameters(1, count + UsageSums.Measures)})
        ON CONFLICT ({keys}) DO UPDATE SET {string.Join(", ", LedgerRows.Measures.Split(", ").Select(name => $"{name} = t.{name} + excluded.{name}"))}
        """;

    private static NpgsqlBatchCommand Add(string text, ICollection<long[]> sums, params ReadOnlySpan<IEnumerable<int>> keys)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var key in keys)
        {
            command.Parameters.Add(ColumnArrays.Of(key.ToArray(), NpgsqlDbType.Integer));
        }

        for (var measure = 0; measure < UsageSums.Measures; measure++)
        {
            command.Parameters.Add(ColumnArrays.Of(sums.Select(sum => sum[measure]).ToArray(), NpgsqlDbType.Bigint));
        }

        return command;
    }

    private async Task<Dictionary<UsageSeries, int>> SeriesAsync(UsageSums sums, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        Shrink(_series);
        var missing = sums.Hours.Keys.Select(key => key.Series).Distinct().Where(series => !_series.ContainsKey(series))
            .ToDictionary(series => Hash(series.KeyId, series.User, series.Team, series.Project, series.Model, series.Provider, series.Client, series.Cause));
        if (missing.Count > 0)
        {
            var add = new NpgsqlBatchCommand(AddSeries);
            add.Parameters.Add(ColumnArrays.Of(missing.Keys.ToArray(), NpgsqlDbType.Uuid));
            ColumnArrays.Add(add.Parameters, "tttttttt", [.. missing.Values.Select(series => new object?[] { series.KeyId, series.User, series.Team, series.Project, series.Model, series.Provider, series.Client, series.Cause })]);
            await NumberAsync(add, FindSeries, missing, _series, connection, transaction, cancellation);
        }

        return _series;
    }

    private async Task<Dictionary<string, int>> SessionsAsync(UsageSums sums, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        Shrink(_sessions);
        var missing = sums.Hours.Keys.Select(key => key.Session).Distinct().Where(session => session.Length > 0 && !_sessions.ContainsKey(session)).ToDictionary(session => Hash(session));
        if (missing.Count > 0)
        {
            var add = new NpgsqlBatchCommand(AddSessions);
            add.Parameters.Add(ColumnArrays.Of(missing.Keys.ToArray(), NpgsqlDbType.Uuid));
            ColumnArrays.Add(add.Parameters, "t", [.. missing.Values.Select(session => new object?[] { session })]);
            await NumberAsync(add, FindSessions, missing, _sessions, connection, transaction, cancellation);
        }

        return _sessions;
    }

    private static async Task NumberAsync<T>(
        NpgsqlBatchCommand add, string find, Dictionary<Guid, T> missing, Dictionary<T, int> numbers, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
        where T : notnull
    {
        // The second statement sees what another node has committed while the first one waited for it.
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(add);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(find) { Parameters = { ColumnArrays.Of(missing.Keys.ToArray(), NpgsqlDbType.Uuid) } });
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            numbers[missing[row.GetGuid(0)]] = row.GetInt32(1);
        }
    }

    private static void Shrink<T>(Dictionary<T, int> numbers)
        where T : notnull
    {
        if (numbers.Count >= MaxCached)
        {
            numbers.Clear();
        }
    }

    /// <summary>128 bits of SHA-256 over the texts, each with its length before it.</summary>
    private static Guid Hash(params ReadOnlySpan<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        Span<byte> whole = stackalloc byte[32];
        hash.GetHashAndReset(whole);
        return new Guid(whole[..16], bigEndian: true);
    }
}
