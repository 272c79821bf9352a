using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Schemas;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Writes the tools that a Responses upstream can be given (<see cref="CarriedTools"/>): also free-text ones, namespaces, and another vendor's web search as its own.</summary>
internal sealed class OpenAIResponsesToolsWriter
{
    private readonly ConversationRequest _request;
    private readonly DegradationLog _degradations;
    private readonly List<Tool> _tools;
    private WebSearchTool? _search;

    /// <summary>Decides; <see cref="Refusal"/> says whether the request can be served at all.</summary>
    public OpenAIResponsesToolsWriter(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        _request = request;
        _degradations = degradations;
        if (request.Tools.Any(t => t.Cache is not null))
        {
            degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
        }

        (_tools, Refusal) = CarriedTools.Of(request, target, Carried);
    }

    /// <summary>What to refuse the request with, null when it can be written.</summary>
    public GatewayError? Refusal { get; }

    /// <summary>Another vendor's search became one of this API's.</summary>
    public bool HasForeignSearch => _search is not null;

    /// <summary>Writes <c>tool_choice</c>, <c>parallel_tool_calls</c> and <c>tools</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        if (_tools.Count == 0)
        {
            return;
        }

        WriteChoice(json);
        if (_request.ParallelToolCalls is { } parallel)
        {
            json.WriteBoolean("parallel_tool_calls"u8, parallel);
        }

        if (_search?.MaxUses is { } most)
        {
            json.WriteNumber("max_tool_calls"u8, most);
        }

        json.WriteStartArray("tools"u8);
        for (var i = 0; i < _tools.Count; i++)
        {
            if (_tools[i].Namespace is not { } space)
            {
                WriteTool(json, _tools[i]);
                continue;
            }

            json.WriteStartObject();
            json.WriteString("type"u8, "namespace"u8);
            json.WriteString("name"u8, space);
            json.WriteString("description"u8, ""u8);
            json.WriteStartArray("tools"u8);
            WriteTool(json, _tools[i]);
            while (i + 1 < _tools.Count && _tools[i + 1].Namespace == space)
            {
                WriteTool(json, _tools[++i]);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private Tool? Carried(Tool tool)
    {
        switch (tool)
        {
            case FunctionTool function:
                if (function.DeferLoading && _request.From != WireProtocol.OpenAIResponses)
                {
                    _degradations.Add("defer_loading", DegradationOutcome.Emulated, "Tools are not searched for; all are loaded at once.");
                }

                FurtherMembers.Note(function, "The member of a tool has no equivalent in Responses.", _degradations);
                return function;
            case CustomTool or VendorTool { From: WireProtocol.OpenAIResponses }:
                return tool;
            case VendorTool when WebSearchTool.Of(tool) is { } search:
                _search = search;
                return tool;
            case VendorTool vendor:
                return CarriedTools.FunctionFor(vendor, _degradations);
            default:
                return null;
        }
    }

    private void WriteChoice(Utf8JsonWriter json)
    {
        if (_request.From == WireProtocol.OpenAIResponses && _request.Extras.FirstOrDefault(e => e.Name == "tool_choice") is { Name: not null } own)
        {
            json.WritePropertyName("tool_choice"u8);
            own.Value.WriteTo(json);
            return;
        }

        switch (_request.ToolChoice)
        {
            case { Mode: ToolChoiceMode.Auto }:
                json.WriteString("tool_choice"u8, "auto"u8);
                break;
            case { Mode: ToolChoiceMode.Any }:
                json.WriteString("tool_choice"u8, "required"u8);
                break;
            case { Mode: ToolChoiceMode.None }:
                json.WriteString("tool_choice"u8, "none"u8);
                break;
            case { Mode: ToolChoiceMode.Named, Name: { } name }:
                json.WriteStartObject("tool_choice"u8);
                if (_search is not null && _tools.Exists(t => t is VendorTool && t.Name == name))
                {
                    json.WriteString("type"u8, "web_search"u8);
                    json.WriteEndObject();
                    break;
                }

                json.WriteString("type"u8, _tools.Exists(t => t is CustomTool && t.Name == name) ? "custom"u8 : "function"u8);
                json.WriteString("name"u8, name);
                json.WriteEndObject();
                break;
            default:
                break;
        }
    }

    private void WriteTool(Utf8JsonWriter json, Tool tool)
    {
        switch (tool)
        {
            case VendorTool { From: not WireProtocol.OpenAIResponses }:
                _search!.WriteResponses(json, _degradations);
                break;
            case VendorTool vendor:
                vendor.Json.WriteTo(json);
                break;
            case CustomTool custom:
                json.WriteStartObject();
                json.WriteString("type"u8, "custom"u8);
                json.WriteString("name"u8, custom.Name);
                if (custom.Description is { } about)
                {
                    json.WriteString("description"u8, about);
                }

                if (!custom.Format.IsEmpty)
                {
                    json.WritePropertyName("format"u8);
                    custom.Format.WriteTo(json);
                }

                json.WriteEndObject();
                break;
            case FunctionTool function:
                WriteFunction(json, function);
                break;
            default:
                break;
        }
    }

    private void WriteFunction(Utf8JsonWriter json, FunctionTool function)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteString("name"u8, function.Name);
        if (function.Description is { } description)
        {
            json.WriteString("description"u8, description);
        }

        var (schema, strict) = function.Strict == true && !function.Schema.IsEmpty && _request.From is not (WireProtocol.OpenAIResponses or WireProtocol.OpenAIChat)
            ? StrictSchemas.ToOpenAI(function.Schema, "tools", _degradations)
            : (function.Schema, function.Strict ?? false);
        json.WritePropertyName("parameters"u8);
        if (schema.IsEmpty)
        {
            json.WriteRawValue("""{"type":"object","properties":{}}"""u8, skipInputValidation: true);
        }
        else
        {
            schema.WriteTo(json);
        }

        // Left out it would mean true: the server would make every optional argument a required one, or refuse the schema.
        json.WriteBoolean("strict"u8, strict);
        if (function.DeferLoading && _request.From == WireProtocol.OpenAIResponses)
        {
            json.WriteBoolean("defer_loading"u8, true);
        }

        json.WriteEndObject();
    }
}
