namespace Sluice.Core.Routing.Auto;

/// <summary>
/// The shipped policy: small models for simple tasks, coders for code, the strongest for hard ones, open and cheap ones for bulk. The first model
/// of a row that can be served wins; so each row has one of every author whose keys people have, the newest that does the work first.
/// </summary>
internal static class AutoPolicy
{
    /// <summary>Models of a tier, by their ids in the catalogue.</summary>
    public static IReadOnlyList<string> Of(TaskKind task) => task switch
    {
        TaskKind.Simple =>
        [
            "anthropic/claude-haiku-4.5", "openai/gpt-4o-mini", "google/gemini-3.5-flash-lite", "deepseek/deepseek-v4-flash", "mistralai/mistral-small-latest",
            "z-ai/glm-4.5-air", "meta-llama/llama-3.1-8b-instruct",
        ],
        TaskKind.Code =>
        [
            "anthropic/claude-sonnet-5", "anthropic/claude-sonnet-4.6", "openai/gpt-5.3-codex", "google/gemini-3.6-flash", "deepseek/deepseek-v4-pro", "qwen/qwen3-coder-plus",
            "mistralai/devstral-2512", "moonshotai/kimi-k2.7-code", "z-ai/glm-5.2", "x-ai/grok-4.3",
        ],
        TaskKind.Hard =>
        [
            "anthropic/claude-opus-5", "anthropic/claude-opus-4.8", "openai/gpt-5.6-sol", "openai/gpt-5.5", "google/gemini-3.1-pro-preview", "deepseek/deepseek-v4-pro",
            "x-ai/grok-4.5", "moonshotai/kimi-k3", "z-ai/glm-5.2", "mistralai/mistral-medium-latest",
        ],
        _ =>
        [
            "meta-llama/llama-4-maverick", "mistralai/mistral-small-latest", "mistralai/mistral-small-2603", "deepseek/deepseek-v4-flash", "google/gemini-3.5-flash-lite",
            "openai/gpt-5-nano", "openai/gpt-4o-mini", "z-ai/glm-4.5-air", "anthropic/claude-haiku-4.5",
        ],
    };
}
