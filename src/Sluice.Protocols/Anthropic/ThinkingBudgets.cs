namespace Sluice.Protocols.Anthropic;

/// <summary>Effort words as thinking budgets and back, for Claude models that know only one of the two.</summary>
internal static class ThinkingBudgets
{
    /// <summary>The part of an answer that an effort word may think away, as OpenRouter has it.</summary>
    public static double ShareOf(string? effort) => effort switch
    {
        "minimal" => 0.1,
        "low" => 0.2,
        "high" => 0.8,
        "xhigh" or "max" => 0.9,
        _ => 0.5,
    };

    /// <summary>The effort word for a budget in tokens.</summary>
    public static string EffortOf(long budget) => budget switch
    {
        <= 2048 => "low",
        <= 8192 => "medium",
        _ => "high",
    };

    /// <summary>The budget in tokens for an effort word.</summary>
    public static long BudgetOf(string? effort) => effort switch
    {
        "minimal" => 1024,
        "low" => 2048,
        "high" => 16_384,
        "xhigh" or "max" => 31_999,
        _ => 8192,
    };
}
