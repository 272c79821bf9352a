using Sluice.Core.Ledger;

namespace Sluice.Storage.Sql;

/// <summary>
/// The text of a report's query: whole days from the daily sums, the ragged edges from the hourly ones. Every piece comes from the closed enum,
/// never from a caller.
/// </summary>
internal static class ReportSql
{
    /// <summary>The first day of 1970 was a Thursday.</summary>
    public const int DaysFromMonday = 3;

    private const string Waste = " AND series IN (SELECT id FROM usage_series WHERE cause NOT IN (@answered, @cache))";

    private const string Plain = LedgerRows.Measures;
    private const string First = "hour >= @since AND hour < @firstUntil";
    private const string Last = "hour >= @lastSince AND hour < @until";
    private const string Days = "day >= @firstDay AND day < @lastDay";

    // For ranking alone: PostgreSQL sums integers without bound, which takes it several times as long. Up to nine million dollars these are as exact.
    private const string Rank = "SUM(CAST(cost_nano AS DOUBLE PRECISION)), SUM(CAST(attempts AS DOUBLE PRECISION))";

    // PostgreSQL sums to numbers without bound, which are slow to sum again and no integers to readers.
    private static readonly string Sums = string.Join(", ", Plain.Split(", ").Select(name => $"CAST(SUM({name}) AS BIGINT) AS {name}"));

    /// <summary>
    /// The daily sums of sessions are kept by session, so a question over a few weeks would read all years of them; the hourly ones are kept by
    /// time, and only they know the hour.
    /// </summary>
    private static bool IsHourly(ReportQuery query) => query.By.Contains(ReportDimension.Hour) || (query.By.Contains(ReportDimension.Session) && query.Until - query.Since < TimeSpan.FromDays(32));

    /// <summary>The values that the text asks for: the ragged edges in hours, the whole days between them.</summary>
    public static IReadOnlyList<(string Name, object Value)> Parameters(ReportQuery query)
    {
        const long HourMs = 3_600_000;
        var since = LedgerRows.Ms(query.Since) / HourMs;
        var until = (LedgerRows.Ms(query.Until) + HourMs - 1) / HourMs;

        // Of hours alone: the first edge is all, and the days and the last edge are empty.
        var firstDay = IsHourly(query) ? (until / 24) + 1 : (since + 23) / 24;
        var lastDay = IsHourly(query) ? 0 : until / 24;
        List<(string Name, object Value)> values =
        [
            ("since", since), ("firstUntil", Math.Min(until, firstDay * 24)), ("lastSince", Math.Max(firstDay, lastDay) * 24), ("until", until), ("limit", query.MaxRows + 1L),
        ];
        if (!query.By.Contains(ReportDimension.Hour))
        {
            values.AddRange([("firstDay", firstDay), ("lastDay", lastDay)]);
        }

        if (query.WasteOnly)
        {
            values.AddRange([("answered", AttemptCause.Answered), ("cache", AttemptCause.Cache)]);
        }

        return values;
    }

    /// <summary>The text, for the values of <see cref="Parameters"/>.</summary>
    public static string Of(ReportQuery query) => query.By is [ReportDimension.Session] && !IsHourly(query) ? BySession(query.WasteOnly) : ByNames(query);

    /// <summary>
    /// The inner query sums by series first, so that names are joined to few rows only; what is not waste is left out there already, before anything
    /// is summed.
    /// </summary>
    private static string ByNames(ReportQuery query)
    {
        var bySession = query.By.Contains(ReportDimension.Session);
        var byHour = query.By.Contains(ReportDimension.Hour);
        var byDay = !byHour && (query.By.Contains(ReportDimension.Day) || query.By.Contains(ReportDimension.Week));
        var session = bySession ? ", session" : "";
        var waste = query.WasteOnly ? Waste : "";
        var grouped = $"GROUP BY series{(byHour ? ", hour" : byDay ? ", day" : "")}{session}";
        var hourly = $"SELECT series{(byHour ? ", hour" : byDay ? ", hour / 24 AS day" : "")}{session}, {Sums} FROM usage_hour";

        // By day there is nothing to sum first: a row is one series of one day already.
        var daily = bySession
            ? $"SELECT series{(byDay ? ", day" : "")}, session, {Plain} FROM usage_session_day WHERE @firstDay < @lastDay AND {Days}{waste}"
            : byDay ? $"SELECT series, day, {Plain} FROM usage_day WHERE {Days}{waste}" : $"SELECT series, {Sums} FROM usage_day WHERE {Days}{waste} {grouped}";
        var columns = query.By.Select(dimension => Column(dimension, byHour ? "u.hour / 24" : "u.day")).ToList();
        var groups = string.Join(", ", columns);
        return $"""
            SELECT {string.Concat(columns.Select(column => column + ", "))}{Sums}
            FROM ({hourly} WHERE {First}{waste} {grouped}
                  {(byHour ? "" : "UNION ALL " + daily)}
                  UNION ALL
                  {hourly} WHERE {Last}{waste} {grouped}) AS u
            JOIN usage_series AS s ON s.id = u.series
            {(bySession ? "LEFT JOIN usage_sessions AS n ON n.id = u.session" : "")}
            {(groups.Length == 0 ? "" : "GROUP BY " + groups)}
            ORDER BY SUM(cost_nano) DESC, SUM(attempts) DESC{(groups.Length == 0 ? "" : ", " + groups)}
            LIMIT @limit
            """;
    }

    /// <summary>
    /// Sessions alone are far more than a report shows. They are ranked first, by two sums and without their names; only those that are shown are
    /// then summed whole. Sessions with hours in the ragged edges (a few of the first and the last day) are summed apart: the others, which are
    /// nearly all, can then be summed in the order of the table.
    /// </summary>
    private static string BySession(bool wasteOnly)
    {
        var waste = wasteOnly ? Waste : "";
        return $"""
            WITH edge (session) AS (SELECT session FROM usage_hour WHERE {First} UNION SELECT session FROM usage_hour WHERE {Last}),
            apart AS (
                SELECT session, {Plain} FROM usage_session_day WHERE session IN (SELECT session FROM edge) AND {Days}{waste}
                UNION ALL
                SELECT session, {Plain} FROM usage_hour WHERE {First}{waste}
                UNION ALL
                SELECT session, {Plain} FROM usage_hour WHERE {Last}{waste}),
            top (session, cost, attempts) AS (
                SELECT session, {Rank} FROM usage_session_day WHERE {Days} AND session NOT IN (SELECT session FROM edge){waste} GROUP BY session
                UNION ALL
                SELECT session, {Rank} FROM apart GROUP BY session
                ORDER BY 2 DESC, 3 DESC, 1 LIMIT @limit)
            SELECT n.session, {Plain}
            FROM (SELECT session, {Sums}
                  FROM (SELECT session, {Plain} FROM usage_session_day WHERE session IN (SELECT session FROM top) AND session NOT IN (SELECT session FROM edge) AND {Days}{waste}
                        UNION ALL
                        SELECT session, {Plain} FROM apart WHERE session IN (SELECT session FROM top)) AS u
                  GROUP BY session) AS g
            LEFT JOIN usage_sessions AS n ON n.id = g.session
            ORDER BY cost_nano DESC, attempts DESC, n.session
            """;
    }

    private static string Column(ReportDimension dimension, string day) => dimension switch
    {
        ReportDimension.User => "s.\"user\"",
        ReportDimension.Team => "s.team",
        ReportDimension.Project => "s.project",
        ReportDimension.Model => "s.model",
        ReportDimension.Session => "n.session",
        ReportDimension.Client => "s.client",
        ReportDimension.Provider => "s.provider",
        ReportDimension.Cause => "s.cause",
        ReportDimension.Day => day,
        ReportDimension.Week => $"({day} + {DaysFromMonday}) / 7",
        ReportDimension.Hour => "u.hour",
        ReportDimension.Key => "s.key_id",
        _ => throw new ArgumentOutOfRangeException(nameof(dimension), dimension, "Not a dimension."),
    };
}
