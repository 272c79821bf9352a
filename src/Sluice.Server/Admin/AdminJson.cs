using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Core.Advice;
using Sluice.Protocols.Conversation;
using Sluice.Server.Diagnosis;

namespace Sluice.Server.Admin;

/// <summary>Every body of the admin API except reports, whose members depend on the question.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(NewKeyBody))]
[JsonSerializable(typeof(IssuedKeyAnswer))]
[JsonSerializable(typeof(KeyListAnswer))]
[JsonSerializable(typeof(NewIdentityBody))]
[JsonSerializable(typeof(IdentityAnswer))]
[JsonSerializable(typeof(IdentityListAnswer))]
[JsonSerializable(typeof(LimitBody))]
[JsonSerializable(typeof(LimitAnswer))]
[JsonSerializable(typeof(LimitListAnswer))]
[JsonSerializable(typeof(BudgetBody))]
[JsonSerializable(typeof(BudgetAnswer))]
[JsonSerializable(typeof(BudgetListAnswer))]
[JsonSerializable(typeof(BudgetRemovedAnswer))]
[JsonSerializable(typeof(RequestAnswer))]
[JsonSerializable(typeof(RequestListAnswer))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(ModelResolution))]
[JsonSerializable(typeof(ModelListAnswer))]
[JsonSerializable(typeof(DoctorQuestion))]
[JsonSerializable(typeof(DoctorAnswer))]
[JsonSerializable(typeof(DiagnosisAnswer))]
[JsonSerializable(typeof(ReachAnswer))]
[JsonSerializable(typeof(AdviceAnswer))]
internal sealed partial class AdminJson : JsonSerializerContext;

internal sealed record ErrorAnswer(ErrorDetail Error);

internal sealed record ErrorDetail(string Message);

internal sealed record NewKeyBody
{
    public string? User { get; init; }

    public string? Team { get; init; }

    public string? Project { get; init; }

    public string? Name { get; init; }

    /// <summary>A time from now (<c>30d</c>) or an ISO 8601 time.</summary>
    public string? Expires { get; init; }

    public IReadOnlyList<string>? Models { get; init; }
}

/// <summary>The only body with a secret in it; no other member of the admin API is named <c>key</c>.</summary>
internal sealed record IssuedKeyAnswer(string Id, string Key, string User, string? Team, string? Project, string? Name, DateTimeOffset? ExpiresAt, IReadOnlyList<string> Models);

internal sealed record KeyAnswer(
    string Id, string Prefix, string State, string User, string? Team, string? Project, string? Name, IReadOnlyList<string> Models,
    DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

internal sealed record KeyListAnswer(IReadOnlyList<KeyAnswer> Keys);

internal sealed record NewIdentityBody
{
    public string? Name { get; init; }
}

internal sealed record IdentityAnswer(string Name, DateTimeOffset? CreatedAt);

internal sealed record IdentityListAnswer(IReadOnlyList<IdentityAnswer> Items);

internal sealed record LimitBody
{
    public long? Rpm { get; init; }

    public long? InputTpm { get; init; }

    public long? OutputTpm { get; init; }

    public long? Rpd { get; init; }

    public long? Burst { get; init; }

    public long? Concurrency { get; init; }
}

internal sealed record LimitAnswer(string Scope, long Rpm, long InputTpm, long OutputTpm, long Rpd, long Burst, long Concurrency, DateTimeOffset? ChangedAt);

internal sealed record LimitListAnswer(IReadOnlyList<LimitAnswer> Limits);

internal sealed record BudgetBody
{
    public string? Scope { get; init; }

    /// <summary><c>day</c>, <c>week</c> or <c>month</c>.</summary>
    public string? Per { get; init; }

    public decimal? Usd { get; init; }

    public bool? Hard { get; init; }
}

/// <summary>A budget and how it stands; amounts are exact, in dollars.</summary>
internal sealed record BudgetAnswer(
    string Scope, string Per, bool Hard, string Usd, string SpentUsd, string ReservedUsd, string LeftUsd, int PercentSpent, DateTimeOffset Since, DateTimeOffset Until, DateTimeOffset ChangedAt);

internal sealed record BudgetListAnswer(IReadOnlyList<BudgetAnswer> Budgets);

internal sealed record BudgetRemovedAnswer(string Scope, string Per);

internal sealed record RequestAnswer
{
    public required string Id { get; init; }

    /// <summary><c>settled</c>, <c>running</c> or <c>abandoned</c>.</summary>
    public required string State { get; init; }

    public string? Cause { get; init; }

    public string? Remedy { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public int? Status { get; init; }

    public string? Error { get; init; }

    public string? ErrorSource { get; init; }

    public string? RequestedModel { get; init; }

    public string? Model { get; init; }

    public string? Route { get; init; }

    public string? ClientProtocol { get; init; }

    public bool? Stream { get; init; }

    public string? KeyId { get; init; }

    public string? User { get; init; }

    public string? Team { get; init; }

    public string? Project { get; init; }

    public string? Session { get; init; }

    public string? Client { get; init; }

    public string? Tags { get; init; }

    public required long CostNanoUsd { get; init; }

    public required string CostUsd { get; init; }

    public required IReadOnlyList<string> Degradations { get; init; }

    /// <summary><c>[{"endpoint":…,"why":…}]</c></summary>
    public JsonElement? LeftOut { get; init; }

    /// <summary>Whom the plan would have asked, by which rule and in which session, with the names of <c>x-sluice-explain</c>; null where there was nothing to choose.</summary>
    public JsonElement? Plan { get; init; }

    public required IReadOnlyList<AttemptAnswer> Attempts { get; init; }
}

internal sealed record AttemptAnswer
{
    public required string Id { get; init; }

    public required int Ordinal { get; init; }

    public required string Provider { get; init; }

    public required string Model { get; init; }

    public required string UpstreamModel { get; init; }

    public string? Credential { get; init; }

    public required string UpstreamProtocol { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>From the request's arrival to this attempt.</summary>
    public required long SentMs { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public long? Milliseconds { get; init; }

    public long? FirstTokenMs { get; init; }

    /// <summary>See <c>AttemptCause</c>; <c>running</c> while it runs.</summary>
    public required string Outcome { get; init; }

    public int? Status { get; init; }

    public string? Message { get; init; }

    public string? UpstreamRequestId { get; init; }

    public long? InputTokens { get; init; }

    [JsonPropertyName("cache_read_tokens")]
    public long? CacheReadTokens { get; init; }

    [JsonPropertyName("cache_write_5m_tokens")]
    public long? CacheWrite5m { get; init; }

    [JsonPropertyName("cache_write_1h_tokens")]
    public long? CacheWrite1h { get; init; }

    public long? OutputTokens { get; init; }

    public long? ReasoningTokens { get; init; }

    public long? AudioInputTokens { get; init; }

    public long? AudioOutputTokens { get; init; }

    public long? WebSearches { get; init; }

    /// <summary>What images, sound and video were charged by.</summary>
    public MediaUsage? Media { get; init; }

    public string? ServiceTier { get; init; }

    public required long CostNanoUsd { get; init; }

    public required string CostUsd { get; init; }

    public required bool Estimated { get; init; }

    public required bool Unpriced { get; init; }

    public string? PriceSource { get; init; }
}
