using System.Text.Json;

namespace Sluice.Commands;

/// <summary>A plan as <c>explain</c> and <c>what-if</c> print it.</summary>
internal static class PlanText
{
    /// <summary>One fact on a line of its own; none where it is not known.</summary>
    public static void Fact(string name, string value)
    {
        if (value is not ("-" or ""))
        {
            Output.Line($"  {name,-9}{value}");
        }
    }

    /// <summary>A member, or nothing: an older Sluice may not have it.</summary>
    public static JsonElement Part(JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value) ? value : default;

    /// <summary>By which rule, in which session, and what was done otherwise than asked.</summary>
    public static void ShowHow(JsonElement plan)
    {
        Fact("rule", Output.Text(plan, "rule"));
        var auto = Part(plan, "auto");
        if (auto.ValueKind == JsonValueKind.Object)
        {
            Fact("auto", Output.Text(auto, "says"));
        }

        Fact("sort", Output.Text(plan, "sort"));
        var session = Part(plan, "session");
        if (session.ValueKind == JsonValueKind.Object)
        {
            var home = Output.Text(session, "home");
            Fact("session", $"known by its {Output.Text(session, "known_by")}; " + (home == "-"
                ? "no cache of it was warm"
                : $"at home at {home} ({Output.Text(session, "credential")}), {Output.Count(session, "cached_tokens")} tokens warm until {Output.Text(session, "warm_until")}"));
            Fact(" ", Output.Text(session, "moving"));
        }

        foreach (var step in Entries(plan, "routing_funnel"))
        {
            Fact("filter", $"{Output.Text(step, "step")}: {Output.Text(step, "endpoint_count")} left");
        }

        foreach (var wait in Entries(Part(plan, "admission"), "waits"))
        {
            Fact("waited", $"{Output.Count(wait, "milliseconds")} ms for {Output.Text(wait, "limit")}");
        }

        foreach (var held in Entries(plan, "budgets"))
        {
            Fact("budget", $"{Output.Text(held, "budget")}: {Output.Text(held, "reserved_usd")} USD held for attempt {Output.Text(held, "attempt")}, {Output.Text(held, "left_usd")} left with it");
        }

        foreach (var passed in Entries(Part(plan, "admission"), "passed_over"))
        {
            Fact("full", $"{Output.Text(passed, "endpoint")}: {Output.Text(passed, "limit")}");
        }

        foreach (var note in Entries(plan, "notes"))
        {
            Fact("note", note.ToString());
        }
    }

    /// <summary>What bounds the request whoever serves it.</summary>
    public static void ShowLimits(JsonElement plan)
    {
        foreach (var limit in Entries(plan, "limits"))
        {
            var left = Output.Text(limit, "left");
            Fact("limit", $"{Output.Text(limit, "what")} of the {Output.Text(limit, "whose")}: at most {Output.Text(limit, "most")}{(left == "-" ? "" : $", {left} left")}");
        }
    }

    /// <summary>Endpoints that could not be asked.</summary>
    public static void ShowLeftOut(JsonElement plan)
    {
        foreach (var entry in Entries(plan, "left_out"))
        {
            Fact("left out", $"{Output.Text(entry, "endpoint")}: {Output.Text(entry, "why")}");
        }
    }

    /// <summary>Candidates that were not asked when their turn came.</summary>
    public static void ShowPassedOver(JsonElement plan)
    {
        foreach (var entry in Entries(plan, "passed_over"))
        {
            var (provider, model, credential) = Names(entry, "model");
            Fact("passed", $"{provider}/{model} ({credential}) after {Output.Text(entry, "after_ms")} ms: {Output.Text(entry, "why")}");
        }
    }

    /// <summary>Who was considered, and who of them was asked.</summary>
    public static void ShowConsidered(JsonElement plan, IReadOnlyList<JsonElement> attempts)
    {
        var candidates = Entries(plan, "candidates");
        for (var i = 0; i < candidates.Count; i++)
        {
            var (provider, model, credential) = Names(candidates[i], "model");
            var asked = attempts.Any(attempt => Names(attempt, "upstream_model") == (provider, model, credential));
            Fact(i == 0 ? "plan" : " ", $"{i + 1}. {provider}/{model} ({credential}): {Output.Text(candidates[i], "why")}{(asked ? "" : "; not asked")}");
        }
    }

    private static (string Provider, string Model, string Credential) Names(JsonElement entry, string model) =>
        (Output.Text(entry, "provider"), Output.Text(entry, model), Output.Text(entry, "credential"));

    private static IReadOnlyList<JsonElement> Entries(JsonElement plan, string member) =>
        Part(plan, member) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];
}
