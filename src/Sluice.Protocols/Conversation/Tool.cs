using Sluice.Protocols.Json;

namespace Sluice.Protocols.Conversation;

/// <summary>Something that the model may call.</summary>
public abstract record Tool(string Name)
{
    /// <summary>The client's cache breakpoint after this tool, if any.</summary>
    public CacheMark? Cache { get; init; }

    /// <summary>The namespace that a Responses client declared the tool in; a call must carry it back. Null outside of one.</summary>
    public string? Namespace { get; init; }
}

/// <summary>A tool that the client runs.</summary>
/// <param name="Name">As the client named it.</param>
/// <param name="Description">Null where the client gave none.</param>
/// <param name="Schema">JSON Schema of the arguments, verbatim.</param>
public sealed record FunctionTool(string Name, string? Description, RawJson Schema) : Tool(Name)
{
    /// <summary>Arguments must follow the schema exactly.</summary>
    public bool? Strict { get; init; }

    /// <summary>Anthropic's <c>defer_loading</c>: shown to the model only after a tool search.</summary>
    public bool DeferLoading { get; init; }

    /// <summary>Members beside the known ones (<c>input_examples</c>, <c>eager_input_streaming</c>, …), as one JSON object; empty where there are none.</summary>
    public RawJson Extra { get; init; }
}

/// <summary>A tool that the client runs and that takes free text instead of a JSON object (OpenAI's <c>custom</c> tools).</summary>
/// <param name="Name">As the client named it.</param>
/// <param name="Description">Null where the client gave none.</param>
/// <param name="Format">What the text must look like (<c>{"type":"grammar",…}</c>), verbatim; empty where anything goes.</param>
public sealed record CustomTool(string Name, string? Description, RawJson Format) : Tool(Name);

/// <summary>A tool that the vendor runs (web search, code execution), or a vendor-typed client tool without a schema (<c>bash_*</c>).</summary>
/// <param name="Type">Its <c>type</c> on the wire.</param>
/// <param name="Name">Its name; the type where it has none.</param>
/// <param name="Json">The whole tool, verbatim.</param>
/// <param name="From">The format that it came from.</param>
public sealed record VendorTool(string Type, string Name, RawJson Json, WireProtocol From) : Tool(Name);

/// <summary>How far the model is free to call tools.</summary>
public enum ToolChoiceMode
{
    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>Some tool must be called.</summary>
    Any,

    /// <summary>No tool may be called.</summary>
    None,

    /// <summary>The tool named in <see cref="ToolChoice.Name"/> must be called.</summary>
    Named,
}

/// <summary>The client's choice; null on the request means that it said nothing.</summary>
public sealed record ToolChoice(ToolChoiceMode Mode, string? Name = null);
