namespace Sluice.Core.Routing.Auto;

/// <summary>What a request is about, as far as it decides how good and how dear a model it needs. Each has its list of models in <c>auto.tiers</c>.</summary>
public enum TaskKind
{
    /// <summary>To classify, to label, to title, to answer in a sentence.</summary>
    Simple,

    /// <summary>Much to read and little to think: to summarise, extract, translate.</summary>
    Bulk,

    /// <summary>To write and to change code; the work of an agent with tools.</summary>
    Code,

    /// <summary>To reason: proofs, designs, plans, causes.</summary>
    Hard,
}

/// <summary>The tasks as the file, rules and explanations write them.</summary>
internal static class TaskKinds
{
    /// <summary>The order of the reference page.</summary>
    public static readonly IReadOnlyList<TaskKind> All = [TaskKind.Simple, TaskKind.Code, TaskKind.Hard, TaskKind.Bulk];

    /// <summary>One word each.</summary>
    public static readonly IReadOnlyList<string> Words = [.. All.Select(WordOf)];

    /// <summary><c>simple</c>, <c>code</c>, <c>hard</c> or <c>bulk</c>.</summary>
    public static string WordOf(TaskKind task) => task switch
    {
        TaskKind.Simple => "simple",
        TaskKind.Bulk => "bulk",
        TaskKind.Code => "code",
        _ => "hard",
    };

    /// <summary>How much a model must be able to do for it: a conversation goes up, and while its cache is warm not down.</summary>
    public static int DemandOf(TaskKind task) => task switch
    {
        TaskKind.Hard => 2,
        TaskKind.Code => 1,
        _ => 0,
    };

    /// <summary>Whose models serve where a tier has none: the next better ones first.</summary>
    public static IReadOnlyList<TaskKind> Nearest(TaskKind task) => task switch
    {
        TaskKind.Simple => [TaskKind.Simple, TaskKind.Bulk, TaskKind.Code, TaskKind.Hard],
        TaskKind.Bulk => [TaskKind.Bulk, TaskKind.Simple, TaskKind.Code, TaskKind.Hard],
        TaskKind.Code => [TaskKind.Code, TaskKind.Hard, TaskKind.Simple, TaskKind.Bulk],
        _ => [TaskKind.Hard, TaskKind.Code, TaskKind.Simple, TaskKind.Bulk],
    };
}
