using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Schemas;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Writes the tools that a Chat upstream can be given (<see cref="CarriedTools"/>): Anthropic's typed ones under an equal schema.</summary>
internal sealed class OpenAIChatToolsWriter
{
    private readonly ConversationRequest _request;
    private readonly UpstreamTarget _target;
    private readonly DegradationLog _degradations;
    private readonly List<Tool> _tools;

    /// <summary>Decides; <see cref="Refusal"/> says whether the request can be served at all.</summary>
    public OpenAIChatToolsWriter(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        _request = request;
        _target = target;
        _degradations = degradations;
        (_tools, Refusal) = CarriedTools.Of(request, target, Carried);
    }

    /// <summary>What to refuse the request with, null when it can be written.</summary>
    public GatewayError? Refusal { get; }

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

        json.WriteStartArray("tools"u8);
        foreach (var tool in _tools)
        {
            WriteTool(json, tool);
        }

        json.WriteEndArray();
    }

    private Tool? Carried(Tool tool)
    {
        switch (tool)
        {
            case FunctionTool function:
                if (function.DeferLoading)
                {
                    _degradations.Add("defer_loading", DegradationOutcome.Emulated, "The upstream has no tool search; all tools are loaded at once.");
                }

                NoteFurtherMembers(function);
                return function;
            case VendorTool { From: WireProtocol.OpenAIChat } own:
                return own;
            case VendorTool vendor:
                if (WireFormats.Client(vendor.From).FunctionFor(vendor) is { } equal)
                {
                    _degradations.Add("tools." + FeatureWords.Of(vendor.Type), DegradationOutcome.Emulated, "The typed tool became a function with an equal schema.");
                    return equal;
                }

                _degradations.Add("tools." + FeatureWords.Of(vendor.Type), DegradationOutcome.Dropped, "The tool runs at its vendor only.");
                return null;
            default:
                return null;
        }
    }

    private void NoteFurtherMembers(FunctionTool function) =>
        FurtherMembers.Note(function, "The member of a tool has no equivalent in Chat Completions.", _degradations);

    private void WriteChoice(Utf8JsonWriter json)
    {
        foreach (var extra in _request.Extras)
        {
            if (extra.Name == "tool_choice" && _request.From == WireProtocol.OpenAIChat)
            {
                json.WritePropertyName("tool_choice"u8);
                extra.Value.WriteTo(json);
                return;
            }
        }

        switch (_request.ToolChoice)
        {
            case { Mode: ToolChoiceMode.Auto }:
                json.WriteString("tool_choice"u8, "auto"u8);
                break;
            case { Mode: ToolChoiceMode.Any }:
                json.WriteString("tool_choice"u8, _target.Dialect.AnyToolWord);
                break;
            case { Mode: ToolChoiceMode.None }:
                json.WriteString("tool_choice"u8, "none"u8);
                break;
            case { Mode: ToolChoiceMode.Named, Name: { } name }:
                var kind = _tools.Exists(t => t is VendorTool { Type: "custom" } && t.Name == name) ? "custom" : "function";
                json.WriteStartObject("tool_choice"u8);
                json.WriteString("type"u8, kind);
                json.WriteStartObject(kind);
                json.WriteString("name"u8, name);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            default:
                break;
        }
    }

    private void WriteTool(Utf8JsonWriter json, Tool tool)
    {
        if (tool is VendorTool vendor)
        {
            vendor.Json.WriteTo(json);
            return;
        }

        var function = (FunctionTool)tool;
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, function.Name);
        if (function.Description is { } description)
        {
            json.WriteString("description"u8, description);
        }

        var (schema, strict) = function.Strict == true && !function.Schema.IsEmpty && _request.From is not (WireProtocol.OpenAIResponses or WireProtocol.OpenAIChat)
            ? StrictSchemas.ToOpenAI(function.Schema, "tools", _degradations)
            : (function.Schema, function.Strict);
        if (!schema.IsEmpty)
        {
            json.WritePropertyName("parameters"u8);
            schema.WriteTo(json);
        }

        if (strict is { } said)
        {
            json.WriteBoolean("strict"u8, said);
        }

        json.WriteEndObject();
        if (function.Cache is { } cache)
        {
            if (OpenAIChatCacheMarks.AreKept(_target))
            {
                OpenAIChatCacheMarks.Write(json, cache);
            }
            else
            {
                _degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
            }
        }

        json.WriteEndObject();
    }
}
