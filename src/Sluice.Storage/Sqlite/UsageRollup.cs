using Microsoft.Data.Sqlite;
using Sluice.Core.Ledger;
using Sluice.Protocols.Conversation;

namespace Sluice.Storage.Sqlite;

/// <summary>Everything that a report groups by, except time and session.</summary>
internal readonly record struct UsageSeries(string KeyId, string User, string Team, string Project, string Model, string Provider, string Client, string Cause);

/// <summary>
/// The sums that reports read. A batch is first summed in memory, then each sum that it touched is written once: a thousand attempts of one hour
/// come to some ten statements.
/// </summary>
internal sealed class UsageRollup : IDisposable
{
    private const long HourMs = 3_600_000;
    private const int Measures = 14;

    // Bounded: series are few, sessions are not. Cleared, not trimmed; refilling costs one indexed look-up each.
    private const int MaxCached = 50_000;

    private const string MeasureNames =
        "requests, attempts, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input, audio_output, web_searches, cost_nano, estimated, unpriced";

    private readonly PreparedStatement _addSeries;
    private readonly PreparedStatement _findSeries;
    private readonly PreparedStatement _addSession;
    private readonly PreparedStatement _findSession;
    private readonly PreparedStatement _addHour;
    private readonly PreparedStatement _addDay;
    private readonly PreparedStatement _addSessionDay;
    private readonly Dictionary<UsageSeries, long> _series = [];
    private readonly Dictionary<string, long> _sessions = [];
    private readonly Dictionary<(long Hour, long Series, long Session), long[]> _hours = [];
    private readonly Dictionary<(long Day, long Series), long[]> _days = [];
    private readonly Dictionary<(long Session, long Series, long Day), long[]> _sessionDays = [];

    public UsageRollup(SqliteConnection connection)
    {
        _addSeries = new PreparedStatement(connection, """
            INSERT INTO usage_series (key_id, user, team, project, model, provider, client, cause)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
            """);
        _findSeries = new PreparedStatement(connection, """
            SELECT id FROM usage_series
            WHERE key_id = ?1 AND user = ?2 AND team = ?3 AND project = ?4 AND model = ?5 AND provider = ?6 AND client = ?7 AND cause = ?8
            """);
        _addSession = new PreparedStatement(connection, "INSERT INTO usage_sessions (session) VALUES (?1) ON CONFLICT DO NOTHING");
        _findSession = new PreparedStatement(connection, "SELECT id FROM usage_sessions WHERE session = ?1");
        _addHour = new PreparedStatement(connection, $"""
            INSERT INTO usage_hour (hour, series, session, {MeasureNames})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            ON CONFLICT (hour, series, session) DO UPDATE SET {Sums}
            """);
        _addDay = new PreparedStatement(connection, $"""
            INSERT INTO usage_day (day, series, {MeasureNames})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            ON CONFLICT (day, series) DO UPDATE SET {Sums}
            """);
        _addSessionDay = new PreparedStatement(connection, $"""
            INSERT INTO usage_session_day (session, series, day, {MeasureNames})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            ON CONFLICT (session, series, day) DO UPDATE SET {Sums}
            """);
    }

    private static string Sums { get; } = string.Join(", ", MeasureNames.Split(", ").Select(name => $"{name} = {name} + excluded.{name}"));

    /// <summary>Counts one attempt that ended.</summary>
    public void Add(AttemptStarted start, AttemptSettled end)
    {
        var series = new UsageSeries(start.KeyId, start.User, start.Team ?? "", start.Project ?? "", start.Model, start.Provider, start.Client ?? "", AttemptCause.Of(end.Outcome, end.Fault));
        var usage = end.Usage;
        Add(start.StartedAt, series, start.Session,
        [
            start.Ordinal == 1 ? 1 : 0, 1,
            Count(usage.Input), Count(usage.CacheRead), Count(usage.CacheWrite5m), Count(usage.CacheWrite1h), Count(usage.Output), Count(usage.Reasoning),
            Count(usage.AudioInput), Count(usage.AudioOutput), Count(usage.WebSearches), Count(end.CostNanoUsd),
            end.UsageIsEstimated ? 1 : 0, end.IsUnpriced ? 1 : 0,
        ]);
    }

    /// <summary>Counts a request without any attempt: refused, or answered from what was kept.</summary>
    public void Add(RequestSettled request)
    {
        var series = new UsageSeries(request.KeyId, request.User, request.Team ?? "", request.Project ?? "", request.Model ?? "", "", request.Client ?? "", AttemptCause.Of(request));
        Add(request.StartedAt, series, request.Session, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    /// <summary>Writes the sums; to be called once, before the transaction is committed.</summary>
    public void Write()
    {
        foreach (var ((hour, series, session), sums) in _hours)
        {
            _addHour.Execute([hour, series, session, .. sums]);
        }

        foreach (var ((day, series), sums) in _days)
        {
            _addDay.Execute([day, series, .. sums]);
        }

        foreach (var ((session, series, day), sums) in _sessionDays)
        {
            _addSessionDay.Execute([session, series, day, .. sums]);
        }

        _hours.Clear();
        _days.Clear();
        _sessionDays.Clear();
    }

    /// <summary>Forgets everything, after a transaction that was rolled back: its new series and sessions do not exist.</summary>
    public void Forget()
    {
        _hours.Clear();
        _days.Clear();
        _sessionDays.Clear();
        _series.Clear();
        _sessions.Clear();
    }

    public void Dispose()
    {
        _addSeries.Dispose();
        _findSeries.Dispose();
        _addSession.Dispose();
        _findSession.Dispose();
        _addHour.Dispose();
        _addDay.Dispose();
        _addSessionDay.Dispose();
    }

    private void Add(DateTimeOffset at, in UsageSeries series, string? session, ReadOnlySpan<long> measures)
    {
        var hour = at.ToUnixTimeMilliseconds() / HourMs;
        var seriesId = SeriesId(series);
        var sessionId = SessionId(session);
        AddTo(_hours, (hour, seriesId, sessionId), measures);
        AddTo(_days, (hour / 24, seriesId), measures);
        AddTo(_sessionDays, (sessionId, seriesId, hour / 24), measures);
    }

    private static void AddTo<TKey>(Dictionary<TKey, long[]> sums, TKey key, ReadOnlySpan<long> measures)
        where TKey : notnull
    {
        if (!sums.TryGetValue(key, out var sum))
        {
            sums[key] = sum = new long[Measures];
        }

        for (var i = 0; i < Measures; i++)
        {
            sum[i] = checked(sum[i] + measures[i]);
        }
    }

    // The contract has no negative counts; one would credit money, so it is not left to the contract.
    private static long Count(long? value) => Math.Max(0, value ?? 0);

    private long SeriesId(in UsageSeries series)
    {
        if (_series.TryGetValue(series, out var id))
        {
            return id;
        }

        object?[] values = [series.KeyId, series.User, series.Team, series.Project, series.Model, series.Provider, series.Client, series.Cause];
        _addSeries.Execute(values);
        id = _findSeries.Find(values)!.Value;
        if (_series.Count >= MaxCached)
        {
            _series.Clear();
        }

        _series[series] = id;
        return id;
    }

    private long SessionId(string? session)
    {
        if (string.IsNullOrEmpty(session))
        {
            return 0;
        }

        if (_sessions.TryGetValue(session, out var id))
        {
            return id;
        }

        _addSession.Execute(session);
        id = _findSession.Find(session)!.Value;
        if (_sessions.Count >= MaxCached)
        {
            _sessions.Clear();
        }

        _sessions[session] = id;
        return id;
    }
}
