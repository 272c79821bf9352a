using Sluice.Protocols.Json;

namespace Sluice.Protocols.Conversation;

/// <summary>One piece of a message. Tool results are parts of user messages, as Anthropic has them.</summary>
public abstract record ContentPart
{
    /// <summary>The client's cache breakpoint on this part, if any.</summary>
    public CacheMark? Cache { get; init; }

    /// <summary>Opaque proof by the vendor named in <see cref="SignedBy"/>; replayed unchanged to that vendor, never to another. Most vendors sign thinking only; Gemini signs tool calls and texts.</summary>
    public string? Signature { get; init; }

    /// <summary>The format that <see cref="Signature"/>, or another sealed member of the part, comes from.</summary>
    public WireProtocol SignedBy { get; init; }
}

/// <summary>Text that is shown.</summary>
/// <param name="Text">May be empty; writers leave empty text out where the upstream refuses it.</param>
public sealed record TextPart(string Text) : ContentPart
{
    /// <summary>Citations of this text in the shape of <see cref="CitationsFrom"/>, verbatim; empty where there are none.</summary>
    public RawJson Citations { get; init; }

    /// <summary>The format whose citation shape <see cref="Citations"/> has.</summary>
    public WireProtocol CitationsFrom { get; init; }
}

/// <summary>A picture.</summary>
public sealed record ImagePart(MediaSource Source) : ContentPart
{
    /// <summary>OpenAI's <c>detail</c>: <c>low</c>, <c>high</c>, <c>auto</c>.</summary>
    public string? Detail { get; init; }
}

/// <summary>A PDF or a text document.</summary>
public sealed record DocumentPart(MediaSource Source) : ContentPart
{
    /// <summary>Title or file name.</summary>
    public string? Title { get; init; }

    /// <summary>Anthropic's <c>context</c>: what the model is told about the document, not cited.</summary>
    public string? Context { get; init; }

    /// <summary>The client asked for citations into this document.</summary>
    public bool WantsCitations { get; init; }
}

/// <summary>A sound.</summary>
/// <param name="Format">OpenAI's short name, <c>wav</c> or <c>mp3</c>.</param>
/// <param name="Data">Base64 text.</param>
public sealed record AudioPart(string Format, string Data) : ContentPart;

/// <summary>The model's reasoning.</summary>
/// <param name="Text">Empty when the upstream hides it; a signature may still stand beside it and must be replayed.</param>
public sealed record ThinkingPart(string Text) : ContentPart
{
    /// <summary>The vendor's own id of the thinking (Responses: <c>rs_…</c>), which goes back with the signature.</summary>
    public string? Id { get; init; }

    /// <summary>Anthropic's <c>redacted_thinking.data</c>; then <see cref="Text"/> is empty.</summary>
    public string? RedactedData { get; init; }

    /// <summary>OpenRouter's <c>reasoning_details</c> array, verbatim.</summary>
    public RawJson Details { get; init; }
}

/// <summary>The model asks for a tool.</summary>
/// <param name="Id">As the upstream or the client named it; may repeat across turns.</param>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">The argument object; <c>{}</c> when there are none. May be broken JSON if the model wrote that: see <see cref="ArgumentsAreJson"/>.</param>
public sealed record ToolCallPart(string Id, string Name, RawJson Arguments) : ContentPart
{
    /// <summary>False when a model's argument text is not a JSON object; it is still carried, as text.</summary>
    public bool ArgumentsAreJson { get; init; } = true;

    /// <summary>The tool takes free text (<see cref="CustomTool"/>): <see cref="Arguments"/> is that text, not JSON.</summary>
    public bool IsCustom { get; init; }

    /// <summary>The namespace of the tool, where the client declared it in one.</summary>
    public string? Namespace { get; init; }

    /// <summary>Vendor fields beside the call that must come back (for example Google's <c>extra_content</c>), as one JSON object.</summary>
    public RawJson Extra { get; init; }
}

/// <summary>What a tool answered.</summary>
/// <param name="CallId">Pairs with <see cref="ToolCallPart.Id"/>.</param>
/// <param name="Parts">Text, images, documents; empty for "no output".</param>
/// <param name="IsError">The tool failed.</param>
public sealed record ToolResultPart(string CallId, IReadOnlyList<ContentPart> Parts, bool IsError) : ContentPart;

/// <summary>The model declined, in a field of its own (OpenAI's <c>refusal</c>).</summary>
public sealed record RefusalPart(string Text) : ContentPart;

/// <summary>A block that has no neutral meaning (server tool calls and their results, vendor blocks), verbatim.</summary>
/// <param name="Type">Its <c>type</c> on the wire.</param>
/// <param name="Json">The whole block.</param>
/// <param name="From">The format that it came from; only that format's writer can carry it.</param>
public sealed record OpaquePart(string Type, RawJson Json, WireProtocol From) : ContentPart;
