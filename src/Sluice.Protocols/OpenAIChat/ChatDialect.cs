namespace Sluice.Protocols.OpenAIChat;

/// <summary>The quirks of one OpenAI-compatible server: where it differs from OpenAI in what it takes, sends or counts.</summary>
/// <param name="Name">As configured: <c>openai</c>, <c>openrouter</c>, <c>deepseek</c>, …</param>
public sealed record ChatDialect(string Name)
{
    /// <summary>No known quirk.</summary>
    public static readonly ChatDialect Generic = new("generic");
}
