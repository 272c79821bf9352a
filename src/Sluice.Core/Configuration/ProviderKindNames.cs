namespace Sluice.Core.Configuration;

/// <summary>The words for provider kinds in the configuration file.</summary>
public static class ProviderKindNames
{
    private static readonly (string Word, ProviderKind Kind, string DefaultBaseUrl)[] Table =
    [
        ("anthropic", ProviderKind.Anthropic, "https://api.anthropic.com"),
        ("openai", ProviderKind.OpenAI, "https://api.openai.com/v1"),
        ("openai-responses", ProviderKind.OpenAIResponses, "https://api.openai.com/v1"),
        ("openrouter", ProviderKind.OpenRouter, "https://openrouter.ai/api/v1"),
        ("gemini", ProviderKind.Gemini, "https://generativelanguage.googleapis.com"),
        ("azure", ProviderKind.Azure, "https://azure.invalid"),
        ("bedrock", ProviderKind.Bedrock, "https://bedrock-runtime.us-east-1.amazonaws.com"),
        ("vertex", ProviderKind.Vertex, "https://aiplatform.googleapis.com"),
        ("simulator", ProviderKind.Simulator, "http://sim.invalid"),
    ];

    /// <summary>All words, in the order of the documentation.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Table.Select(row => row.Word)];

    /// <summary>The word for a kind.</summary>
    public static string WordOf(ProviderKind kind) => Array.Find(Table, row => row.Kind == kind).Word;

    internal static ProviderKind Parse(string word) => Array.Find(Table, row => row.Word == word).Kind;

    internal static Uri DefaultBaseUrl(ProviderKind kind) => new(Array.Find(Table, row => row.Kind == kind).DefaultBaseUrl);
}
