namespace Sluice.Core.Routing.Auto;

/// <summary>What a request was taken for, and why.</summary>
/// <param name="Task">The task.</param>
/// <param name="Why">A few words: <c>14 tools, "refactor"</c>.</param>
public sealed record TaskVerdict(TaskKind Task, string Why);
