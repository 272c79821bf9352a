using Sluice.Core.Ledger;

namespace Sluice.Storage.Sqlite;

/// <summary>
/// The text of a report's query: whole days from the daily sums, the ragged edges from the hourly ones. Every piece comes from the closed enum,
/// never from a caller.
/// </summary>
internal static class ReportSql
{
    /// <summary>The first day of 1970 was a Thursday.</summary>
    public const int DaysFromMonday = 3;

    private const string Waste = " AND series IN (SELECT id FROM usage_series WHERE cause NOT IN ($answered, $cache))";

    private static readonly string[] Names =
    [
        "requests", "attempts", "input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "audio_input", "audio_output", "web_searches", "cost_nano", "estimated", "unpriced",
    ];

    private static readonly string Plain = string.Join(", ", Names);
    private static readonly string Sums = string.Join(", ", Names.Select(name => $"SUM({name}) AS {name}"));

    /// <summary>
    /// The daily sums of sessions are kept by session, so a question over a few weeks would read all years of them; the hourly ones are kept by
    /// time, and only they know the hour. Where this is true, <c>$firstDay</c> is to be behind everything and <c>$lastDay</c> before it.
    /// </summary>
    public static bool IsHourly(ReportQuery query) => query.By.Contains(ReportDimension.Hour) || (query.By.Contains(ReportDimension.Session) && query.Until - query.Since < TimeSpan.FromDays(32));

    /// <summary>Parameters: <c>$since</c>, <c>$until</c> in hours, <c>$firstDay</c>, <c>$lastDay</c> the whole days between them, <c>$limit</c>, and <c>$answered</c> for waste.</summary>
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
        var daily = bySession
            ? $"SELECT series{(byDay ? ", day" : "")}, session, {Plain} FROM usage_session_day WHERE $firstDay < $lastDay AND day >= $firstDay AND day < $lastDay{waste}"
            : $"SELECT series{(byDay ? ", day" : "")}, {Sums} FROM usage_day WHERE day >= $firstDay AND day < $lastDay{waste} {grouped}";
        var columns = query.By.Select(dimension => Column(dimension, byHour ? "u.hour / 24" : "u.day")).ToList();
        var groups = string.Join(", ", columns);
        return $"""
            SELECT {string.Concat(columns.Select(column => column + ", "))}{Sums}
            FROM ({hourly} WHERE hour >= $since AND hour < MIN($until, $firstDay * 24){waste} {grouped}
                  {(byHour ? "" : "UNION ALL " + daily)}
                  UNION ALL
                  {hourly} WHERE hour >= MAX($firstDay, $lastDay) * 24 AND hour < $until{waste} {grouped}) AS u
            JOIN usage_series AS s ON s.id = u.series
            {(bySession ? "LEFT JOIN usage_sessions AS n ON n.id = u.session" : "")}
            {(groups.Length == 0 ? "" : "GROUP BY " + groups)}
            ORDER BY SUM(cost_nano) DESC, SUM(attempts) DESC{(groups.Length == 0 ? "" : ", " + groups)}
            LIMIT $limit
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
        const string First = "hour >= $since AND hour < MIN($until, $firstDay * 24)";
        const string Last = "hour >= MAX($firstDay, $lastDay) * 24 AND hour < $until";
        const string Days = "day >= $firstDay AND day < $lastDay";
        return $"""
            WITH edge (session) AS (SELECT session FROM usage_hour WHERE {First} UNION SELECT session FROM usage_hour WHERE {Last}),
            apart AS (
                SELECT session, {Plain} FROM usage_session_day WHERE session IN edge AND {Days}{waste}
                UNION ALL
                SELECT session, {Plain} FROM usage_hour WHERE {First}{waste}
                UNION ALL
                SELECT session, {Plain} FROM usage_hour WHERE {Last}{waste}),
            top (session, cost, attempts) AS (
                SELECT session, SUM(cost_nano), SUM(attempts) FROM usage_session_day WHERE {Days} AND session NOT IN edge{waste} GROUP BY session
                UNION ALL
                SELECT session, SUM(cost_nano), SUM(attempts) FROM apart GROUP BY session
                ORDER BY 2 DESC, 3 DESC, 1 LIMIT $limit)
            SELECT n.session, {Sums}
            FROM (SELECT session, {Plain} FROM usage_session_day WHERE session IN (SELECT session FROM top) AND session NOT IN edge AND {Days}{waste}
                  UNION ALL
                  SELECT session, {Plain} FROM apart WHERE session IN (SELECT session FROM top)) AS u
            LEFT JOIN usage_sessions AS n ON n.id = u.session
            GROUP BY u.session
            ORDER BY SUM(cost_nano) DESC, SUM(attempts) DESC, n.session
            """;
    }

    private static string Column(ReportDimension dimension, string day) => dimension switch
    {
        ReportDimension.User => "s.user",
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
