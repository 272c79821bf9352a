using Sluice.Core.Routing.Auto;

namespace Sluice.Core.Routing.Rules;

internal delegate ReadOnlySpan<char> TextOf(in RuleFacts facts, string argument);

internal delegate long? NumberOf(in RuleFacts facts);

internal delegate bool FlagOf(in RuleFacts facts);

/// <summary>Something of a request that expressions may name.</summary>
internal abstract record RuleField(string Name, string Meaning);

/// <summary>A text; empty where the request has none.</summary>
internal sealed record TextField(string Name, string Meaning, TextOf Read) : RuleField(Name, Meaning)
{
    /// <summary>A second text that the field means as well: a condition holds when it holds for either.</summary>
    public TextOf? Also { get; init; }

    /// <summary>All values that can occur; null where any can.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>What stands in the parentheses behind the name; null for a plain name.</summary>
    public string? Argument { get; init; }
}

/// <summary>A whole number; every comparison but <c>!=</c> is false where the request has none.</summary>
internal sealed record NumberField(string Name, string Meaning, NumberOf Read) : RuleField(Name, Meaning)
{
    /// <summary>Minutes of the day, written as 08:30.</summary>
    public bool IsTime { get; init; }
}

/// <summary>True or false.</summary>
internal sealed record FlagField(string Name, string Meaning, FlagOf Read) : RuleField(Name, Meaning);

/// <summary>All fields of the expression language. The order is that of the reference page.</summary>
internal static class RuleFields
{
    private static readonly string[] Weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    public static readonly IReadOnlyList<RuleField> All =
    [
        new TextField("client", "the program: `claude-code`, `codex`, `gemini-cli`, …", static (in RuleFacts facts, string _) => facts.Request.Origin.Client),
        new TextField("role", "what the call is for inside its agent; empty where nothing tells", static (in RuleFacts facts, string _) => facts.Request.Origin.Role)
        {
            Words = ["main", "background", "subagent", ""],
        },
        new TextField("priority", "`background` with `x-sluice-priority: background`, else `interactive`", static (in RuleFacts facts, string _) => facts.Request.Origin.Background ? "background" : "interactive")
        {
            Words = ["interactive", "background"],
        },
        new TextField("user", "the key's user", static (in RuleFacts facts, string _) => facts.Request.Origin.User),
        new TextField("team", "the key's team", static (in RuleFacts facts, string _) => facts.Request.Origin.Team),
        new TextField("project", "the request's project, else the key's", static (in RuleFacts facts, string _) => facts.Request.Origin.Project),
        new TextField("key", "the key's id, never its secret", static (in RuleFacts facts, string _) => facts.Request.Origin.KeyId),
        new TextField("session", "the agent conversation", static (in RuleFacts facts, string _) => facts.Request.Origin.Session),
        new TextField("tag(\"NAME\")", "a tag of `x-sluice-tags`", static (in RuleFacts facts, string name) => RuleTags.Find(facts.Request.Origin.Tags, name)),
        new TextField("model", "the model: as the client named it, or its canonical id", static (in RuleFacts facts, string _) => facts.Request.Model)
        {
            Also = static (in RuleFacts facts, string _) => facts.CanonicalModel,
        },
        new TextField("task", "what the prompt asks for, told by its words and form; see [auto.md](auto.md)", static (in RuleFacts facts, string _) => facts.Request.Prompt is { } prompt ? TaskKinds.WordOf(prompt.Task.Task) : default)
        {
            Words = TaskKinds.Words,
        },
        new NumberField("input_tokens", "estimated tokens of the request", static (in RuleFacts facts) => facts.Request.Needs.InputTokens),
        new NumberField("output_tokens", "the request's own limit of output tokens", static (in RuleFacts facts) => facts.Request.Needs.OutputTokens),
        new FlagField("tools", "the request has tools", static (in RuleFacts facts) => facts.Request.Needs.Tools),
        new FlagField("images", "it has images", static (in RuleFacts facts) => facts.Request.Needs.Images),
        new FlagField("documents", "it has documents", static (in RuleFacts facts) => facts.Request.Needs.Documents),
        new FlagField("stream", "a stream is asked for", static (in RuleFacts facts) => facts.Request.Needs.Stream),
        new NumberField("hour", "hour of the day, 0 to 23, UTC", static (in RuleFacts facts) => facts.Now.Hour),
        new NumberField("time", "time of the day, UTC, as `08:30`", static (in RuleFacts facts) => (facts.Now.Hour * 60) + facts.Now.Minute) { IsTime = true },
        new TextField("weekday", "day of the week, UTC", static (in RuleFacts facts, string _) => Weekdays[(int)facts.Now.DayOfWeek]) { Words = Weekdays },
    ];

    /// <summary>Fields by the name alone; <c>tag</c> among them.</summary>
    public static readonly IReadOnlyDictionary<string, RuleField> ByName = All.ToDictionary(field => field.Name.Split('(', 2)[0], StringComparer.OrdinalIgnoreCase);
}
