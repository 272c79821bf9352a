using System.Text;
using System.Text.Json;
using System.Data.Common;
using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;

namespace Sluice.Storage.Sql;

/// <summary>
/// Ledger records to rows and back, for both stores. The column lists here and the order of the values are one fact; keep them together.
/// <c>user</c> stands in quotes, since it is a word of PostgreSQL's own.
/// </summary>
internal static class LedgerRows
{
    /// <summary>Of <see cref="TokenUsage"/> and money: what reports sum.</summary>
    public const string Measures =
        "requests, attempts, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input, audio_output, web_searches, cost_nano, estimated, unpriced";

    public const string SeriesColumns = """key_id, "user", team, project, model, provider, client, cause""";

    public const string StartColumns =
        """attempt_id, request_id, ordinal, started_at, key_id, "user", team, project, session, client, model, provider, upstream_model, credential, client_protocol, upstream_protocol, estimated_input, estimated_cost_nano""";

    public const string EndColumns =
        "ended_at, outcome, fault, status, message, upstream_request_id, first_token_ms, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input, audio_output, web_searches, service_tier, reported_cost_nano, iterations, anomalous, estimated, cost_nano, unpriced, price_source, media";

    public const string RequestColumns =
        """request_id, started_at, ended_at, key_id, "user", team, project, session, client, requested_model, model, client_protocol, stream, status, error, error_source, cause, remedy, route, attempts, degraded, left_out, tags""";

    public const int StartCount = 18;
    public const int EndCount = 25;
    public const int RequestCount = 23;

    public static object?[] Values(AttemptStarted start) =>
    [
        start.AttemptId, start.RequestId, start.Ordinal, Ms(start.StartedAt), start.KeyId, start.User, start.Team, start.Project, start.Session, start.Client,
        start.Model, start.Provider, start.UpstreamModel, start.Credential, Name(start.ClientProtocol), Name(start.UpstreamProtocol),
        start.EstimatedInputTokens, start.EstimatedCostNanoUsd,
    ];

    public static object?[] Values(AttemptSettled end) =>
    [
        Ms(end.EndedAt), Name(end.Outcome), Name(end.Fault), end.Status, end.Message, end.UpstreamRequestId, end.FirstTokenMs,
        end.Usage.Input, end.Usage.CacheRead, end.Usage.CacheWrite5m, end.Usage.CacheWrite1h, end.Usage.Output, end.Usage.Reasoning,
        end.Usage.AudioInput, end.Usage.AudioOutput, end.Usage.WebSearches, end.Usage.ServiceTier, end.Usage.ReportedCostNanoUsd,
        Iterations(end.Usage.Iterations), end.Usage.IsAnomalous, end.UsageIsEstimated, end.CostNanoUsd, end.IsUnpriced, end.PriceSource, MediaJson.Write(end.Usage.Media),
    ];

    public static object?[] Values(RequestSettled request) =>
    [
        request.RequestId, Ms(request.StartedAt), Ms(request.EndedAt), request.KeyId, request.User, request.Team, request.Project, request.Session, request.Client,
        request.RequestedModel, request.Model, Name(request.ClientProtocol), request.Stream, request.Status, Name(request.Error), Name(request.ErrorSource),
        request.Cause, request.Remedy, request.Route, request.Attempts, request.Degraded, request.LeftOut, request.Tags,
    ];

    /// <summary>Reads <see cref="StartColumns"/> from column 0 on.</summary>
    public static AttemptStarted ReadStart(DbDataReader row) => new()
    {
        AttemptId = row.GetString(0),
        RequestId = row.GetString(1),
        Ordinal = row.GetInt32(2),
        StartedAt = Time(row.GetInt64(3)),
        KeyId = row.GetString(4),
        User = row.GetString(5),
        Team = Text(row, 6),
        Project = Text(row, 7),
        Session = Text(row, 8),
        Client = Text(row, 9),
        Model = row.GetString(10),
        Provider = row.GetString(11),
        UpstreamModel = row.GetString(12),
        Credential = Text(row, 13),
        ClientProtocol = Enum.Parse<WireProtocol>(row.GetString(14)),
        UpstreamProtocol = Enum.Parse<WireProtocol>(row.GetString(15)),
        EstimatedInputTokens = row.GetInt64(16),
        EstimatedCostNanoUsd = Number(row, 17),
    };

    /// <summary>Reads <see cref="EndColumns"/> from <see cref="StartCount"/> on; null while the attempt runs.</summary>
    public static AttemptSettled? ReadEnd(DbDataReader row)
    {
        const int At = StartCount;
        return row.IsDBNull(At) ? null : new AttemptSettled
        {
            AttemptId = row.GetString(0),
            EndedAt = Time(row.GetInt64(At)),
            Outcome = Enum.Parse<AttemptOutcome>(row.GetString(At + 1)),
            Fault = Parse<ErrorKind>(row, At + 2),
            Status = (int?)Number(row, At + 3),
            Message = Text(row, At + 4),
            UpstreamRequestId = Text(row, At + 5),
            FirstTokenMs = Number(row, At + 6),
            Usage = new TokenUsage
            {
                Input = Number(row, At + 7),
                CacheRead = Number(row, At + 8),
                CacheWrite5m = Number(row, At + 9),
                CacheWrite1h = Number(row, At + 10),
                Output = Number(row, At + 11),
                Reasoning = Number(row, At + 12),
                AudioInput = Number(row, At + 13),
                AudioOutput = Number(row, At + 14),
                WebSearches = Number(row, At + 15),
                ServiceTier = Text(row, At + 16),
                ReportedCostNanoUsd = Number(row, At + 17),
                Iterations = Iterations(Text(row, At + 18)),
                IsAnomalous = row.GetBoolean(At + 19),
                Media = MediaJson.Read(Text(row, At + 24)),
            },
            UsageIsEstimated = row.GetBoolean(At + 20),
            CostNanoUsd = row.GetInt64(At + 21),
            IsUnpriced = row.GetBoolean(At + 22),
            PriceSource = Text(row, At + 23),
        };
    }

    /// <summary>Reads <see cref="RequestColumns"/> from column 0 on.</summary>
    public static RequestSettled ReadRequest(DbDataReader row) => new()
    {
        RequestId = row.GetString(0),
        StartedAt = Time(row.GetInt64(1)),
        EndedAt = Time(row.GetInt64(2)),
        KeyId = row.GetString(3),
        User = row.GetString(4),
        Team = Text(row, 5),
        Project = Text(row, 6),
        Session = Text(row, 7),
        Client = Text(row, 8),
        RequestedModel = row.GetString(9),
        Model = Text(row, 10),
        ClientProtocol = Enum.Parse<WireProtocol>(row.GetString(11)),
        Stream = row.GetBoolean(12),
        Status = row.GetInt32(13),
        Error = Parse<ErrorKind>(row, 14),
        ErrorSource = Parse<ErrorSource>(row, 15),
        Cause = Text(row, 16),
        Remedy = Text(row, 17),
        Route = Text(row, 18),
        Attempts = row.GetInt32(19),
        Degraded = Text(row, 20),
        LeftOut = Text(row, 21),
        Tags = Text(row, 22),
    };

    /// <summary>The end of an attempt that no process is left to end.</summary>
    public static AttemptSettled Abandoned(AttemptStarted start, DateTimeOffset now) => new()
    {
        AttemptId = start.AttemptId,
        EndedAt = now,
        Outcome = AttemptOutcome.Abandoned,
        Message = "Sluice ended while this attempt ran. It is charged with the input counted before it was sent; what it answered is not known.",
        Usage = new TokenUsage { Input = start.EstimatedInputTokens },
        UsageIsEstimated = true,
        CostNanoUsd = start.EstimatedCostNanoUsd ?? 0,
        IsUnpriced = start.EstimatedCostNanoUsd is null,
    };

    public static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static T? Parse<T>(DbDataReader row, int column)
        where T : struct, Enum => row.IsDBNull(column) ? null : Enum.Parse<T>(row.GetString(column));

    private static string? Name<T>(T? value)
        where T : struct, Enum => value is { } present ? Enum.GetName(present) : null;

    private static string? Name<T>(T value)
        where T : struct, Enum => Enum.GetName(value);

    private static string? Iterations(IReadOnlyList<UsageIteration> iterations)
    {
        if (iterations.Count == 0)
        {
            return null;
        }

        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartArray();
            foreach (var iteration in iterations)
            {
                json.WriteStartObject();
                json.WriteString("type"u8, iteration.Type);
                json.WriteString("model"u8, iteration.Model);
                foreach (var (name, count) in Buckets(iteration.Usage))
                {
                    if (count is { } number)
                    {
                        json.WriteNumber(name, number);
                    }
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static IReadOnlyList<UsageIteration> Iterations(string? text)
    {
        if (text is null)
        {
            return [];
        }

        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateArray().Select(entry => new UsageIteration(
            entry.GetProperty("type").GetString() ?? "",
            entry.GetProperty("model").GetString(),
            new TokenUsage
            {
                Input = Bucket(entry, "input"),
                CacheRead = Bucket(entry, "cache_read"),
                CacheWrite5m = Bucket(entry, "cache_write_5m"),
                CacheWrite1h = Bucket(entry, "cache_write_1h"),
                Output = Bucket(entry, "output"),
                Reasoning = Bucket(entry, "reasoning"),
                AudioInput = Bucket(entry, "audio_input"),
                AudioOutput = Bucket(entry, "audio_output"),
                WebSearches = Bucket(entry, "web_searches"),
            }))];
    }

    private static long? Bucket(JsonElement entry, string name) => entry.TryGetProperty(name, out var count) ? count.GetInt64() : null;

    private static (string Name, long? Count)[] Buckets(TokenUsage usage) =>
    [
        ("input", usage.Input), ("cache_read", usage.CacheRead), ("cache_write_5m", usage.CacheWrite5m), ("cache_write_1h", usage.CacheWrite1h),
        ("output", usage.Output), ("reasoning", usage.Reasoning), ("audio_input", usage.AudioInput), ("audio_output", usage.AudioOutput),
        ("web_searches", usage.WebSearches),
    ];
}
