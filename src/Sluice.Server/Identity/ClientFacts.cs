using Microsoft.AspNetCore.Http;
using Sluice.Core.Identity;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Identity;

/// <summary>What the request's headers say beside the key: which program, which conversation, which project. Labels only: nothing here is trusted.</summary>
/// <param name="Client">Program: <c>claude-code</c>, <c>codex</c>, …; null where the user agent names none.</param>
/// <param name="Session">The agent conversation.</param>
/// <param name="Project">What the money is spent on.</param>
/// <param name="Tags"><c>k=v,k=v</c>.</param>
/// <param name="Strict">Refuse rather than degrade.</param>
/// <param name="NoRetry">The client repeats by itself: no candidate is asked twice.</param>
internal sealed record ClientFacts(string? Client, string? Session, string? Project, string? Tags, bool Strict, bool NoRetry)
{
    /// <summary>What the call is for inside its agent: <c>main</c>, <c>background</c> or <c>subagent</c>; null where nothing tells.</summary>
    public string? Role { get; init; }

    /// <summary>The client says that nobody waits for the answer.</summary>
    public bool Background { get; init; }

    /// <summary>The client says that it sent this request before.</summary>
    public bool IsRepeat { get; init; }

    /// <summary>How long the client waits; null where it does not say.</summary>
    public TimeSpan? Patience { get; init; }

    // Header values are labels in a database and in reports; longer ones are cut, never refused.
    private const int MaxLabel = 256;

    private static readonly string[] SessionHeaders =
        [
        "x-sluice-session", "x-claude-code-session-id", "session-id", "x-session-id", "x-session-affinity",

        // Codex's thread is the session of its turns; its earlier versions and pi wrote the next two; LiteLLM's clients send the last.
        "thread-id", "session_id", "conversation_id", "x-litellm-session-id",
    ];

    /// <summary>Reads the headers; the body's own session is the last choice. <paramref name="envelope"/> is null for a body that was refused.</summary>
    public static ClientFacts Read(HttpRequest request, Caller caller, Envelope? envelope, SurfaceOperation operation)
    {
        var headers = request.Headers;
        var client = NameClient(headers.UserAgent.ToString(), headers);
        var background = headers["x-sluice-priority"] == "background";
        return new(
            client,
            FindSession(headers) ?? Label(envelope?.SessionId),
            Label(headers["x-sluice-project"].ToString()) ?? caller.Project,
            Label(headers["x-sluice-tags"].ToString()),
            headers["x-sluice-strict"] == "1",
            headers["x-sluice-no-retry"] == "1")
        {
            Role = background ? "background" : ClientRole.Of(headers, client, envelope, operation),
            Background = background,
            IsRepeat = ClientRepeat.IsSaid(headers),
            Patience = ClientRepeat.Patience(headers),
        };
    }

    private static string? FindSession(IHeaderDictionary headers)
    {
        foreach (var name in SessionHeaders)
        {
            if (headers.TryGetValue(name, out var value) && Label(value.ToString()) is { } session)
            {
                return session;
            }
        }

        return null;
    }

    // The user agent may lie (others call themselves claude-cli), so this is a label for reports and decides nothing.
    private static string? NameClient(string userAgent, IHeaderDictionary headers)
    {
        if (headers.ContainsKey("x-claude-code-session-id"))
        {
            return "claude-code";
        }

        return userAgent switch
        {
            _ when userAgent.StartsWith("codex", StringComparison.Ordinal) => "codex",
            _ when userAgent.StartsWith("GeminiCLI", StringComparison.Ordinal) => "gemini-cli",
            _ when userAgent.StartsWith("opencode", StringComparison.Ordinal) => "opencode",
            _ when userAgent.StartsWith("QwenCode", StringComparison.Ordinal) => "qwen-code",
            _ when userAgent.StartsWith("claude-cli", StringComparison.Ordinal) => "claude-code",
            _ when userAgent.StartsWith("Anthropic", StringComparison.Ordinal) => "anthropic-sdk",
            _ when userAgent.StartsWith("OpenAI", StringComparison.Ordinal) => "openai-sdk",
            _ => Label(userAgent.Split('/', 2)[0]),
        };
    }

    private static string? Label(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        value = value.Trim();
        return value.Length <= MaxLabel ? value : value[..MaxLabel];
    }
}
