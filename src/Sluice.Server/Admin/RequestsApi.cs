using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Ledger;

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
        var (state, cause, remedy) = Verdict(trail);
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
            LeftOut = LeftOut(request?.LeftOut),
            Attempts = [.. trail.Attempts.Select(Answer)],
        };
    }

    private static (string State, string? Cause, string? Remedy) Verdict(RequestTrail trail) => trail.Request switch
    {
        { } request => ("settled", request.Cause, request.Remedy),
        null when trail.Attempts.Any(attempt => attempt.Settled is null) => ("running", "The request is still running.", null),
        null when trail.Attempts.Any(attempt => attempt.Settled!.Outcome == AttemptOutcome.Abandoned) =>
            ("abandoned", "Sluice ended while the request ran; its attempts are charged with their counted input.", "Send the request again."),
        _ => ("running", "Its last attempt has ended; the request itself is not settled yet, or Sluice ended just then.", null),
    };

    private static AttemptAnswer Answer(AttemptTrail trail)
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
            ServiceTier = end?.Usage.ServiceTier,
            CostNanoUsd = cost,
            CostUsd = Money.Usd(cost),
            Estimated = end?.UsageIsEstimated ?? false,
            Unpriced = end?.IsUnpriced ?? false,
            PriceSource = end?.PriceSource,
        };
    }

    private static JsonElement? LeftOut(string? text)
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
