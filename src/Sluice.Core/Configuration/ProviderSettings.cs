using Sluice.Core.Admission.Limits;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Core.Configuration;

/// <summary>Wire format and authentication of an upstream.</summary>
public enum ProviderKind
{
    /// <summary>Anthropic Messages, <c>x-api-key</c>.</summary>
    Anthropic,

    /// <summary>OpenAI Chat Completions and its compatibles, bearer key.</summary>
    OpenAI,

    /// <summary>OpenRouter over its Chat wire.</summary>
    OpenRouter,

    /// <summary>The built-in simulator: speaks whatever the client speaks.</summary>
    Simulator,

    /// <summary>OpenAI Responses, bearer key.</summary>
    OpenAIResponses,

    /// <summary>The Gemini API, <c>x-goog-api-key</c>.</summary>
    Gemini,

    /// <summary>Azure OpenAI, AI Foundry models and Claude on Foundry; key or Entra token.</summary>
    Azure,

    /// <summary>Amazon Bedrock: InvokeModel for Claude, Converse for the rest; signed, or with a bearer key.</summary>
    Bedrock,

    /// <summary>Google Vertex AI: Gemini, Claude, and open models over its Chat address; Google token or key.</summary>
    Vertex,
}

/// <summary>One upstream account.</summary>
public sealed record ProviderSettings
{
    /// <summary>Slug.</summary>
    public required string Name { get; init; }

    /// <summary>Wire format and authentication.</summary>
    public required ProviderKind Kind { get; init; }

    /// <summary>What that vendor's own SDK takes; without a trailing slash.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>Keys, each with its own cooldown; empty where the upstream needs none.</summary>
    public IReadOnlyList<Credential> Credentials { get; init; } = [];

    /// <summary>Quirks of an OpenAI-compatible server.</summary>
    public ChatDialect Dialect { get; init; } = ChatDialect.Generic;

    /// <summary>What its account allows, as the operator states it.</summary>
    public LimitSet Limits { get; init; } = LimitSet.None;

    /// <summary>How long to wait for what.</summary>
    public TimeoutSettings Timeouts { get; init; } = new();

    /// <summary>What it does with prompts.</summary>
    public DataPolicy DataPolicy { get; init; } = new();

    /// <summary>Where it is, as a label.</summary>
    public string? Region { get; init; }

    /// <summary>What only the large clouds need; null for all other kinds.</summary>
    public CloudSettings? Cloud { get; init; }

    /// <summary>Azure: which deployment serves which model of the catalogue.</summary>
    public IReadOnlyDictionary<string, string> Deployments { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>What a provider does with prompts, as the operator states it. Without a statement it keeps them, as most do.</summary>
public sealed record DataPolicy
{
    /// <summary>Trains on them.</summary>
    public bool Trains { get; init; }

    /// <summary>Keeps them.</summary>
    public bool Retains { get; init; } = true;

    /// <summary>Zero data retention is agreed.</summary>
    public bool ZeroRetention { get; init; }

    /// <summary>Neither trains on prompts nor keeps them.</summary>
    public bool CollectsNothing => !Trains && (!Retains || ZeroRetention);
}

/// <summary>One upstream key.</summary>
/// <param name="Id">Safe to show: <c>provider#1</c>.</param>
/// <param name="Secret">Never shown, logged or labelled.</param>
public sealed record Credential(string Id, string Secret)
{
    /// <summary>The id alone.</summary>
    public override string ToString() => Id;
}

/// <summary>How long to wait for what.</summary>
public sealed record TimeoutSettings
{
    /// <summary>TCP and TLS.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From the request's last byte to the first fragment of content; null is the default: 300 s for streams, 600 s without.</summary>
    public TimeSpan? FirstToken { get; init; }

    /// <summary>The one of these that holds for a request.</summary>
    public TimeSpan FirstTokenFor(bool stream) => FirstToken ?? TimeSpan.FromSeconds(stream ? 300 : 600);

    /// <summary>The longest silence after that.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(240);

    /// <summary>One attempt as a whole.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(60);
}
