using System.Text.Json;
using Sluice.Core.Affinity;
using Sluice.Core.Configuration;
using Sluice.Core.Ledger;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Sluice.Core.Routing.Auto;
using Sluice.Protocols.Conversation;
using Sluice.Server.Admin;
using Sluice.Server.Admission;
using Sluice.Server.Attempts;
using Sluice.Server.Budgets;
using Sluice.Server.Routing;

namespace Sluice.Server.Explain;

/// <summary>
/// A plan as JSON: whom Sluice would ask, in which order and why, whom not and why not, and what it would cost. The one writer for
/// <c>x-sluice-explain</c> and <c>sluice what-if</c>; what the ledger keeps of a plan is a part of it, with the same names.
/// </summary>
internal static class PlanJson
{
    // A row is read by people; a plan with more entries than this is a configuration to look at.
    private const int MostKept = 16;
    private const int MostLeftOutKept = 64;

    /// <summary>The whole answer, one object.</summary>
    public static void Write(Utf8JsonWriter json, PlanExplanation explained)
    {
        var plan = explained.Plan;
        json.WriteStartObject();
        json.WriteString("requested_model"u8, explained.Envelope.Model);
        json.WriteString("model"u8, plan.Model?.Id);
        WriteHow(json, plan);
        json.WriteNumber("estimated_input_tokens"u8, explained.Envelope.EstimatedInputTokens);
        if (explained.Envelope.MaxOutputTokens is { } limit)
        {
            json.WriteNumber("max_output_tokens"u8, limit);
        }

        WriteSession(json, explained.Session, plan.Model is { } model ? explained.HomeFor(model.Id) : null, plan.Moving);
        WriteLimits(json, explained);
        json.WriteStartArray("candidates"u8);
        for (var i = 0; i < plan.Candidates.Count; i++)
        {
            WriteCandidate(json, explained, i);
        }

        json.WriteEndArray();
        WriteLeftOut(json, plan.LeftOut, int.MaxValue);
        if (plan.Refusal is { } refusal)
        {
            json.WriteString("refusal"u8, refusal.Message);
            json.WriteString("refusal_kind"u8, AttemptCause.Of(refusal.Kind));
            json.WriteNumber("refusal_status"u8, refusal.Status);
            json.WriteString("remedy"u8, refusal.Remedy);
        }

        json.WriteEndObject();
    }

    /// <summary>What the ledger keeps with a request: the same members, without costs; bounded.</summary>
    public static void WriteKept(Utf8JsonWriter json, InferenceRequest request)
    {
        var plan = request.Plan;
        json.WriteStartObject();
        WriteHow(json, plan);
        WriteSession(json, request.Session, request.Home, plan.Moving);
        json.WriteStartArray("candidates"u8);
        for (var i = 0; i < Math.Min(plan.Candidates.Count, MostKept); i++)
        {
            json.WriteStartObject();
            WriteNames(json, plan.Candidates[i]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteLeftOut(json, plan.LeftOut, MostLeftOutKept);
        AdmissionJson.Write(json, request.Admission);
        BudgetJson.Write(json, request);
        WritePassedOver(json, request);
        json.WriteEndObject();
    }

    private static void WritePassedOver(Utf8JsonWriter json, InferenceRequest request)
    {
        if (request.PassedOver.Count == 0)
        {
            return;
        }

        json.WriteStartArray("passed_over"u8);
        foreach (var (candidate, why, at) in request.PassedOver)
        {
            json.WriteStartObject();
            json.WriteString("provider"u8, candidate.Provider.Name);
            json.WriteString("model"u8, candidate.Endpoint.UpstreamModel);
            json.WriteString("credential"u8, candidate.Credential?.Id);
            json.WriteString("why"u8, why);
            json.WriteNumber("after_ms"u8, (long)(at - request.StartedAt).TotalMilliseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteHow(Utf8JsonWriter json, Plan plan)
    {
        if (plan.Rule is { } rule)
        {
            json.WriteString("rule"u8, rule);
        }

        if (plan.Auto is { } auto)
        {
            WriteAuto(json, auto);
        }

        if (plan.Sort is { } sort)
        {
            json.WriteString("sort"u8, JsonNamingPolicy.SnakeCaseLower.ConvertName(sort.ToString()));
        }

        if (plan.Notes.Count > 0)
        {
            json.WriteStartArray("notes"u8);
            foreach (var note in plan.Notes)
            {
                json.WriteStringValue(note);
            }

            json.WriteEndArray();
        }

        if (plan.Funnel.Count > 0)
        {
            json.WriteStartArray("routing_funnel"u8);
            foreach (var step in plan.Funnel)
            {
                json.WriteStartObject();
                json.WriteString("step"u8, step.Step);
                json.WriteNumber("endpoint_count"u8, step.Endpoints);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    private static void WriteAuto(Utf8JsonWriter json, AutoChoice auto)
    {
        json.WriteStartObject("auto"u8);
        json.WriteString("name"u8, auto.Name);
        json.WriteString("tier"u8, auto.Tier);
        if (auto.Task is { } task)
        {
            json.WriteString("task"u8, JsonNamingPolicy.SnakeCaseLower.ConvertName(task.Task.ToString()));
            json.WriteString("why"u8, task.Why);
            json.WriteBoolean("session_stays"u8, auto.Stays);
        }

        json.WriteString("says"u8, auto.Sentence);
        json.WriteEndObject();
    }

    private static void WriteSession(Utf8JsonWriter json, SessionKey session, SessionHome? home, WarmComparison? moving)
    {
        if (session.Source == SessionSource.None)
        {
            return;
        }

        json.WriteStartObject("session"u8);
        json.WriteString("known_by"u8, session.Source switch
        {
            SessionSource.Named => "name",
            SessionSource.Opening => "opening",
            _ => "short opening",
        });
        if (home is { } place)
        {
            json.WriteString("home"u8, place.Endpoint);
            json.WriteString("credential"u8, place.Credential);
            json.WriteNumber("cached_tokens"u8, place.CachedTokens);
            json.WriteString("warm_until"u8, place.WarmUntil);
        }

        if (moving is not null)
        {
            json.WriteString("moving"u8, moving.ToString());
        }

        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, Candidate candidate)
    {
        json.WriteString("provider"u8, candidate.Provider.Name);
        json.WriteString("model"u8, candidate.Endpoint.UpstreamModel);
        json.WriteString("credential"u8, candidate.Credential?.Id);
        if (candidate.Endpoint.ServiceTier is { } tier)
        {
            json.WriteString("service_tier"u8, tier);
        }

        json.WriteString("why"u8, candidate.Reason);
    }

    private static void WriteCandidate(Utf8JsonWriter json, PlanExplanation explained, int index)
    {
        var candidate = explained.Plan.Candidates[index];
        var protocol = explained.Surface.Format.Protocol;
        var model = candidate.Endpoint.Model;
        json.WriteStartObject();
        json.WriteNumber("rank"u8, index + 1);
        WriteNames(json, candidate);
        json.WriteString("serves"u8, model.Id);
        var wire = UpstreamBody.WireOf(candidate, protocol);
        json.WriteBoolean("native"u8, wire == protocol);
        json.WriteString("upstream_protocol"u8, wire.ToString());
        WriteCost(json, explained, candidate);
        WriteLimit(json, "context_tokens"u8, candidate.Endpoint.ContextLength);
        WriteLimit(json, "output_tokens"u8, candidate.Endpoint.MaxOutputTokens);
        WriteTimeouts(json, candidate.Provider.Timeouts, explained.Envelope.Stream);
        json.WriteEndObject();
    }

    private static void WriteTimeouts(Utf8JsonWriter json, TimeoutSettings timeouts, bool stream)
    {
        json.WriteStartObject("timeout_seconds"u8);
        json.WriteNumber("connect"u8, timeouts.Connect.TotalSeconds);
        json.WriteNumber("first_token"u8, timeouts.FirstTokenFor(stream).TotalSeconds);
        json.WriteNumber("idle"u8, timeouts.Idle.TotalSeconds);
        json.WriteNumber("total"u8, timeouts.Total.TotalSeconds);
        json.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter json, PlanExplanation explained)
    {
        json.WriteStartArray("limits"u8);
        foreach (var limit in PlanLimits.Of(explained))
        {
            json.WriteStartObject();
            json.WriteString("whose"u8, limit.Whose);
            json.WriteString("what"u8, limit.What);
            json.WriteNumber("most"u8, limit.Most);
            if (limit.Left is { } left)
            {
                json.WriteNumber("left"u8, left);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // An estimate: tokens are guessed from the bytes, corrected by what models of the family reported, and output is what the request allows.
    private static void WriteCost(Utf8JsonWriter json, PlanExplanation explained, Candidate candidate)
    {
        var model = candidate.Endpoint.Model.Id;
        var price = candidate.Endpoint.Price;
        var tokens = explained.Estimates.Correct(model, explained.Envelope.EstimatedInputTokens);
        json.WriteNumber("estimated_input_tokens"u8, tokens);
        WriteUsd(json, "estimated_input_usd"u8, Pricer.EstimateInput(price, tokens, explained.Now));
        if (explained.HomeFor(model) is { } home && home.Endpoint == candidate.Endpoint.Id && home.Credential == candidate.Credential?.Id && home.CachedTokens > 0)
        {
            var cached = Math.Min(home.CachedTokens, tokens);
            json.WriteNumber("cached_tokens"u8, cached);
            var cost = Pricer.Price(price, new TokenUsage { Input = tokens - cached, CacheRead = cached }, explained.Now);
            WriteUsd(json, "estimated_input_usd_with_cache"u8, cost.IsUnpriced ? null : cost.NanoUsd);
        }

        if (explained.Envelope.MaxOutputTokens is > 0 and var limit)
        {
            var cost = Pricer.Price(price, new TokenUsage { Output = limit }, explained.Now);
            WriteUsd(json, "most_output_usd"u8, cost.IsUnpriced ? null : cost.NanoUsd);
        }
    }

    private static void WriteUsd(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? nano)
    {
        if (nano is { } known)
        {
            json.WriteString(name, Money.Usd(known));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteLimit(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? limit)
    {
        if (limit is { } known)
        {
            json.WriteNumber(name, known);
        }
    }

    private static void WriteLeftOut(Utf8JsonWriter json, IReadOnlyList<LeftOutEndpoint> leftOut, int most)
    {
        json.WriteStartArray("left_out"u8);
        for (var i = 0; i < Math.Min(leftOut.Count, most); i++)
        {
            json.WriteStartObject();
            json.WriteString("endpoint"u8, leftOut[i].Endpoint);
            json.WriteString("why"u8, leftOut[i].Why);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
