using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;

namespace Sluice.Storage.Tests;

/// <summary>Ledger records with every field filled, to be varied by <c>with</c>.</summary>
internal static class Records
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    public static AttemptStarted Start(string id, string request = "gen-1", int ordinal = 1) => new()
    {
        AttemptId = id,
        RequestId = request,
        Ordinal = ordinal,
        StartedAt = Noon,
        KeyId = "key-1",
        User = "dev1",
        Team = "core",
        Project = "shop",
        Session = "session-1",
        Client = "claude-code",
        Model = "anthropic/claude-sonnet-4.6",
        Provider = "anthropic",
        UpstreamModel = "claude-sonnet-4-6",
        Credential = "anthropic#1",
        ClientProtocol = WireProtocol.AnthropicMessages,
        UpstreamProtocol = WireProtocol.OpenAIChat,
        EstimatedInputTokens = 1000,
        EstimatedCostNanoUsd = 3_000_000,
    };

    public static AttemptSettled End(string id) => new()
    {
        AttemptId = id,
        EndedAt = Noon.AddSeconds(3),
        Outcome = AttemptOutcome.Succeeded,
        Status = 200,
        UpstreamRequestId = "req_1",
        FirstTokenMs = 812,
        Usage = new TokenUsage { Input = 10, CacheRead = 200, CacheWrite5m = 30, CacheWrite1h = 4, Output = 50, Reasoning = 6, AudioInput = 7, AudioOutput = 8, WebSearches = 1, ServiceTier = "standard", ReportedCostNanoUsd = 99 },
        CostNanoUsd = 1_234_567,
        PriceSource = "catalogue 2026-08-21",
    };

    public static AttemptSettled Failure(string id, ErrorKind kind, long cost = 0) => End(id) with
    {
        Outcome = AttemptOutcome.Failed,
        Fault = kind,
        Status = 529,
        Message = "Overloaded \"now\"\n",
        Usage = TokenUsage.Unknown,
        UsageIsEstimated = true,
        CostNanoUsd = cost,
    };

    public static RequestSettled Request(string id, int attempts = 1) => new()
    {
        RequestId = id,
        StartedAt = Noon,
        EndedAt = Noon.AddSeconds(3),
        KeyId = "key-1",
        User = "dev1",
        Team = "core",
        Project = "shop",
        Session = "session-1",
        Client = "claude-code",
        RequestedModel = "claude-sonnet-4-6",
        Model = "anthropic/claude-sonnet-4.6",
        ClientProtocol = WireProtocol.AnthropicMessages,
        Stream = true,
        Status = 200,
        Route = "only endpoint",
        Attempts = attempts,
        Degraded = "cache_control=dropped",
        LeftOut = "[{\"endpoint\":\"b/x\",\"why\":\"cooling\"}]",
        Tags = "pipeline=nightly",
    };
}
