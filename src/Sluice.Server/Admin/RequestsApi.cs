using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Ledger;
using Sluice.Server.Explain;

namespace Sluice.Server.Admin;

/// <summary><c>/requests/{id}</c>: everything that happened to one request.</summary>
internal static class RequestsApi
{
    public static async Task FindAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        if (await http.RequestServices.GetRequiredService<ILedgerQueries>().FindRequestAsync(id, http.RequestAborted) is { } trail)
        {
            await AdminAnswer.JsonAsync(http, Answer(id, trail), AdminJson.Default.RequestAnswer);
            return;
        }

        await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"No request {id} is in the ledger. The id is in the answer's x-sluice-request-id header and in every error body.");
    }

    private static RequestAnswer Answer(string id, RequestTrail trail)
    {
        var request = trail.Request;
        var first = trail.Attempts is [var attempt, ..] ? attempt.Started : null;
        var (state, cause, remedy) = RequestVerdict.Of(trail);
        var plan = Plan(request?.LeftOut);
        var cost = trail.Attempts.Sum(entry => entry.Settled?.CostNanoUsd ?? 0);
        return new RequestAnswer
        {
            Id = id,
            State = state,
            Cause = cause,
            Remedy = remedy,
            StartedAt = request?.StartedAt ?? first?.StartedAt,
            EndedAt = request?.EndedAt,
            Status = request?.Status,
            Error = request?.Error is { } kind ? AttemptCause.Of(kind) : null,
            ErrorSource = request?.ErrorSource is { } source ? JsonNamingPolicy.SnakeCaseLower.ConvertName(source.ToString()) : null,
            RequestedModel = request?.RequestedModel,
            Model = request?.Model ?? first?.Model,
            Route = request?.Route,
            ClientProtocol = (request?.ClientProtocol ?? first?.ClientProtocol)?.ToString(),
            Stream = request?.Stream,
            KeyId = request?.KeyId ?? first?.KeyId,
            User = request?.User ?? first?.User,
            Team = request?.Team ?? first?.Team,
            Project = request?.Project ?? first?.Project,
            Session = request?.Session ?? first?.Session,
            Client = request?.Client ?? first?.Client,
            Tags = request?.Tags,
            CostNanoUsd = cost,
            CostUsd = Money.Usd(cost),
            Degradations = request?.Degraded?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
            LeftOut = plan is { ValueKind: JsonValueKind.Object } kept && kept.TryGetProperty("left_out", out var leftOut) ? leftOut : plan,
            Plan = plan is { ValueKind: JsonValueKind.Object } ? plan : null,
            Attempts = [.. trail.Attempts.Select(attempt => Answer(attempt, request?.StartedAt ?? first!.StartedAt))],
        };
    }

    private static AttemptAnswer Answer(AttemptTrail trail, DateTimeOffset requestedAt)
    {
        var (start, end) = trail;
        var cost = end?.CostNanoUsd ?? 0;
        return new AttemptAnswer
        {
            Id = start.AttemptId,
            Ordinal = start.Ordinal,
            Provider = start.Provider,
            Model = start.Model,
            UpstreamModel = start.UpstreamModel,
            Credential = start.Credential,
            UpstreamProtocol = start.UpstreamProtocol.ToString(),
            StartedAt = start.StartedAt,
            SentMs = Math.Max(0, (long)(start.StartedAt - requestedAt).TotalMilliseconds),
            EndedAt = end?.EndedAt,
            Milliseconds = end is null ? null : (long)(end.EndedAt - start.StartedAt).TotalMilliseconds,
            FirstTokenMs = end?.FirstTokenMs,
            Outcome = end is null ? "running" : AttemptCause.Of(end.Outcome, end.Fault),
            Status = end?.Status,
            Message = end?.Message,
            UpstreamRequestId = end?.UpstreamRequestId,
            InputTokens = end?.Usage.Input,
            CacheReadTokens = end?.Usage.CacheRead,
            CacheWrite5m = end?.Usage.CacheWrite5m,
            CacheWrite1h = end?.Usage.CacheWrite1h,
            OutputTokens = end?.Usage.Output,
            ReasoningTokens = end?.Usage.Reasoning,
            AudioInputTokens = end?.Usage.AudioInput,
            AudioOutputTokens = end?.Usage.AudioOutput,
            WebSearches = end?.Usage.WebSearches,
            Media = end?.Usage.Media,
            ServiceTier = end?.Usage.ServiceTier,
            CostNanoUsd = cost,
            CostUsd = Money.Usd(cost),
            Estimated = end?.UsageIsEstimated ?? false,
            Unpriced = end?.IsUnpriced ?? false,
            PriceSource = end?.PriceSource,
        };
    }

    // An object; in rows of earlier versions the list of what was left out.
    private static JsonElement? Plan(string? text)
    {
        if (text is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Bounded when it was written, so its end may be missing; the rest of the answer must not suffer.
            return null;
        }
    }
}
