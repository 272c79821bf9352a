using Microsoft.Data.Sqlite;
using Sluice.Core.Ledger;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite;

/// <summary>
/// The sums that reports read. A batch is first summed in memory, then each sum that it touched is written once: a thousand attempts of one hour
/// come to some ten statements.
/// </summary>
internal sealed class UsageRollup : IDisposable
{
    // Bounded: series are few, sessions are not. Cleared, not trimmed; refilling costs one indexed look-up each.
    private const int MaxCached = 50_000;

    private readonly PreparedStatement _addSeries;
    private readonly PreparedStatement _findSeries;
    private readonly PreparedStatement _addSession;
    private readonly PreparedStatement _findSession;
    private readonly PreparedStatement _addHour;
    private readonly PreparedStatement _addDay;
    private readonly PreparedStatement _addSessionDay;
    private readonly Dictionary<UsageSeries, long> _series = [];
    private readonly Dictionary<string, long> _sessions = [];
    private readonly UsageSums _sums = new();
    private readonly Dictionary<(long Day, long Series), long[]> _days = [];
    private readonly Dictionary<(long Session, long Series, long Day), long[]> _sessionDays = [];

    public UsageRollup(SqliteConnection connection)
    {
        _addSeries = new PreparedStatement(connection, $"""
            INSERT INTO usage_series ({LedgerRows.SeriesColumns})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING
            """);
        _findSeries = new PreparedStatement(connection, """
            SELECT id FROM usage_series
            WHERE key_id = ?1 AND user = ?2 AND team = ?3 AND project = ?4 AND model = ?5 AND provider = ?6 AND client = ?7 AND cause = ?8
            """);
        _addSession = new PreparedStatement(connection, "INSERT INTO usage_sessions (session) VALUES (?1) ON CONFLICT DO NOTHING");
        _findSession = new PreparedStatement(connection, "SELECT id FROM usage_sessions WHERE session = ?1");
        _addHour = new PreparedStatement(connection, $"""
            INSERT INTO usage_hour (hour, series, session, {LedgerRows.Measures})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            ON CONFLICT (hour, series, session) DO UPDATE SET {Sums}
            """);
        _addDay = new PreparedStatement(connection, $"""
            INSERT INTO usage_day (day, series, {LedgerRows.Measures})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            ON CONFLICT (day, series) DO UPDATE SET {Sums}
            """);
        _addSessionDay = new PreparedStatement(connection, $"""
            INSERT INTO usage_session_day (session, series, day, {LedgerRows.Measures})
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
            ON CONFLICT (session, series, day) DO UPDATE SET {Sums}
            """);
    }

    private static string Sums { get; } = string.Join(", ", LedgerRows.Measures.Split(", ").Select(name => $"{name} = {name} + excluded.{name}"));

    /// <summary>Counts one attempt that ended.</summary>
    public void Add(AttemptStarted start, AttemptSettled end) => _sums.Add(start, end);

    /// <summary>Counts a request without any attempt.</summary>
    public void Add(RequestSettled request) => _sums.Add(request);

    /// <summary>Writes the sums; to be called once, before the transaction is committed.</summary>
    public void Write()
    {
        foreach (var ((hour, series, session), sums) in _sums.Hours)
        {
            var (seriesId, sessionId) = (SeriesId(series), SessionId(session));
            _addHour.Execute([hour, seriesId, sessionId, .. sums]);
            UsageSums.AddTo(_days, (hour / 24, seriesId), sums);
            UsageSums.AddTo(_sessionDays, (sessionId, seriesId, hour / 24), sums);
        }

        foreach (var ((day, series), sums) in _days)
        {
            _addDay.Execute([day, series, .. sums]);
        }

        foreach (var ((session, series, day), sums) in _sessionDays)
        {
            _addSessionDay.Execute([session, series, day, .. sums]);
        }

        ForgetSums();
    }

    /// <summary>Forgets everything, after a transaction that was rolled back: its new series and sessions do not exist.</summary>
    public void Forget()
    {
        ForgetSums();
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

    private void ForgetSums()
    {
        _sums.Hours.Clear();
        _days.Clear();
        _sessionDays.Clear();
    }

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

    private long SessionId(string session)
    {
        if (session.Length == 0)
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
