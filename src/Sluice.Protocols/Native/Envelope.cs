using Sluice.Protocols.OpenAIMedia;

namespace Sluice.Protocols.Native;

/// <summary>A run of bytes of a request body.</summary>
/// <param name="Start">Offset of its first byte.</param>
/// <param name="Length">Bytes; 0 for "not there".</param>
public readonly record struct BodySpan(int Start, int Length)
{
    /// <summary>The member is there.</summary>
    public bool Exists => Length > 0;

    /// <summary>One past the last byte.</summary>
    public int End => Start + Length;
}

/// <summary>A top-level member: its name, its value, and where both stand.</summary>
/// <param name="Name">Unescaped.</param>
/// <param name="Member">From the name's opening quote to the value's last byte.</param>
/// <param name="Value">The value alone, quotes and brackets included.</param>
public readonly record struct EnvelopeMember(string Name, BodySpan Member, BodySpan Value);

/// <summary>
/// What routing needs to know of one request body, found in one pass over its bytes; nothing of the body is copied but the short texts named here.
/// </summary>
public sealed record Envelope
{
    /// <summary>The client's format.</summary>
    public required WireProtocol Protocol { get; init; }

    /// <summary>Unescaped value of <c>model</c>; null where it is missing (the scanner then reports no error: <c>models</c> may stand for it).</summary>
    public string? Model { get; init; }

    /// <summary>The model stands in the path: the body has no place for it.</summary>
    public bool ModelIsInPath { get; init; }

    /// <summary>The value of <c>model</c>, quotes included.</summary>
    public BodySpan ModelValue { get; init; }

    /// <summary><c>stream</c> is true.</summary>
    public bool Stream { get; init; }

    /// <summary>Elements of <c>messages</c>.</summary>
    public int MessageCount { get; init; }

    /// <summary>Elements of <c>tools</c>.</summary>
    public int ToolCount { get; init; }

    /// <summary>The value of <c>tools</c>.</summary>
    public BodySpan ToolsValue { get; init; }

    /// <summary>Bytes of the value of <c>tools</c>.</summary>
    public int ToolBytes { get; init; }

    /// <summary>Some part is an image.</summary>
    public bool HasImages { get; init; }

    /// <summary>Some part is a document or a file.</summary>
    public bool HasDocuments { get; init; }

    /// <summary>Some signature in the turns is empty, or carries another vendor's (<see cref="Formats.SignatureCarrier"/>).</summary>
    public bool HasForeignProofs { get; init; }

    /// <summary>Thinking is asked for (<c>thinking</c> not disabled, or <c>reasoning_effort</c>/<c>reasoning</c> set).</summary>
    public bool WantsThinking { get; init; }

    /// <summary>The parameters that it sets.</summary>
    public RequestParameters Parameters { get; init; }

    /// <summary>What went before is kept at the provider that answered it (<c>previous_response_id</c>, <c>conversation</c>): nobody else can go on.</summary>
    public bool ContinuesAnswer { get; init; }

    /// <summary>Cache marks anywhere in the body.</summary>
    public int CacheMarks { get; init; }

    /// <summary><c>max_tokens</c> or <c>max_completion_tokens</c>.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>How many answers it asks for at once (<c>n</c>, <c>candidateCount</c>), each as long as <see cref="MaxOutputTokens"/> allows; at least 1.</summary>
    public long Choices { get; init; } = 1;

    /// <summary>Session named in the body: <c>session_id</c> inside Anthropic's <c>metadata.user_id</c> JSON, <c>prompt_cache_key</c>, OpenRouter's <c>session_id</c>. At most 256 characters.</summary>
    public string? SessionId { get; init; }

    /// <summary>Where the conversation begins, for <see cref="OpeningKey"/>.</summary>
    public OpeningSpans Opening { get; init; }

    /// <summary>A Chat client asked for the usage chunk (<c>stream_options.include_usage</c>).</summary>
    public bool IncludeStreamUsage { get; init; }

    /// <summary>The value of <c>stream_options</c>.</summary>
    public BodySpan StreamOptions { get; init; }

    /// <summary><c>service_tier</c>, in small letters; null where there is none. At most 256 characters.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>The value of <c>service_tier</c>, quotes included.</summary>
    public BodySpan ServiceTierValue { get; init; }

    /// <summary><c>speed</c>: with <c>fast</c> OpenRouter's other word for the tier <c>priority</c>.</summary>
    public string? Speed { get; init; }

    /// <summary>The body is a form: <see cref="ModelValue"/> is the bare text of a field.</summary>
    public bool IsForm { get; init; }

    /// <summary>What images, sound or video it asks for; null where it asks for none.</summary>
    public MediaAsk? Media { get; init; }

    /// <summary>The body's outermost opening brace: new members are inserted behind it.</summary>
    public int BodyStart { get; init; }

    /// <summary>Members that only a gateway reads (<c>models</c>, <c>fallbacks</c>, <c>provider</c>, <c>route</c>, <c>transforms</c>, <c>plugins</c>, <c>session_id</c>, …), to be taken out for upstreams that are no gateway.</summary>
    public IReadOnlyList<EnvelopeMember> GatewayMembers { get; init; } = [];

    /// <summary>The OpenRouter <c>models</c> (or <c>fallbacks</c>) list, unescaped; at most 32.</summary>
    public IReadOnlyList<string> FallbackModels { get; init; } = [];

    /// <summary>Top-level members of the body, the gateway's own included.</summary>
    public int MemberCount { get; init; }

    /// <summary>Input tokens, estimated from the bytes, biased upwards; what an attempt without reported usage is charged with.</summary>
    public long EstimatedInputTokens { get; init; }
}
