using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Schemas;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Gemini;

/// <summary>Writes <c>tools</c> and <c>toolConfig</c>.</summary>
internal sealed class GeminiToolsWriter
{
    private static readonly RawJson FreeText = RawJson.FromText("""{"type":"object","properties":{"input":{"type":"string","description":"The tool's input as plain text."}},"required":["input"]}""");

    private readonly ConversationRequest _request;
    private readonly DegradationLog _degradations;
    private readonly bool _takesJsonSchema;
    private readonly List<FunctionTool> _functions = [];
    private readonly List<VendorTool> _own = [];
    private readonly List<VendorTool> _searches = [];
    private readonly WebSearchTool? _search;

    public GeminiToolsWriter(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, bool takesJsonSchema)
    {
        _request = request;
        _degradations = degradations;
        _takesJsonSchema = takesJsonSchema;
        foreach (var tool in request.Tools)
        {
            Take(tool, target);
        }

        foreach (var vendor in _searches)
        {
            // Gemini before version 3 refuses its own tools beside functions, and hosts differ in how the newer ones want to be asked.
            if (HasFunctions || _search is not null)
            {
                Foreign(vendor, target);
                continue;
            }

            Marked(vendor);
            _search = WebSearchTool.Of(vendor);
        }
    }

    /// <summary>What cannot be carried and must be refused; null where all can.</summary>
    public GatewayError? Refusal { get; private set; }

    /// <summary>There are tools that the client runs.</summary>
    public bool HasFunctions => _functions.Count > 0;

    /// <summary>Writes both members.</summary>
    public void Write(Utf8JsonWriter json)
    {
        if (_functions.Count > 0 || _own.Count > 0 || _search is not null)
        {
            json.WriteStartArray("tools"u8);
            if (_functions.Count > 0)
            {
                json.WriteStartObject();
                json.WriteStartArray("functionDeclarations"u8);
                foreach (var function in _functions)
                {
                    WriteFunction(json, function);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            foreach (var own in _own)
            {
                own.Json.WriteTo(json);
            }

            _search?.WriteGemini(json, _degradations);
            json.WriteEndArray();
        }

        WriteConfig(json);
    }

    private void Take(Tool tool, UpstreamTarget target)
    {
        switch (tool)
        {
            case FunctionTool function when !GeminiContentsWriter.IsLegalName(function.Name):
                Illegal(function.Name, target);
                break;
            case FunctionTool function:
                if (function.DeferLoading)
                {
                    _degradations.Add("defer_loading", DegradationOutcome.Emulated, "The upstream has no tool search; all tools are loaded at once.");
                }

                Marked(function);
                if (_request.From != WireProtocol.Gemini)
                {
                    FurtherMembers.Note(function, "The member of a tool has no equivalent in Gemini.", _degradations);
                }

                if (function.Strict == true)
                {
                    _degradations.Add("tools.strict", DegradationOutcome.Dropped, "Gemini cannot be held to a tool's schema: arguments follow it as the model sees fit.");
                }

                _functions.Add(function);
                break;
            case CustomTool custom:
                _degradations.Add("tools.custom", DegradationOutcome.Emulated, "A tool of free text became a function with one text argument.");
                _functions.Add(new FunctionTool(custom.Name, custom.Description, FreeText));
                break;
            case VendorTool { From: WireProtocol.Gemini } own:
                _own.Add(own);
                break;
            case VendorTool vendor when WireFormats.Client(vendor.From).FunctionFor(vendor) is { } equal:
                _degradations.Add("tools." + FeatureWords.Clean(vendor.Type, 40), DegradationOutcome.Emulated, "The typed tool became a function with an equal schema.");
                Marked(vendor);
                _functions.Add(equal);
                break;
            case VendorTool vendor when WebSearchTool.Of(vendor) is not null:
                _searches.Add(vendor);
                break;
            case VendorTool vendor:
                Foreign(vendor, target);
                break;
        }
    }

    // The model would call it by a name that the client does not know.
    private void Illegal(string name, UpstreamTarget target)
    {
        if (IsForced(name))
        {
            Refuse($"tools: '{FeatureWords.Clean(name, 80)}' must be called, but {target.Model} takes no such name: a letter or '_' first, then letters, digits, '_', '.', ':' and '-', 64 at most.");
        }
        else
        {
            _degradations.Add("tools." + FeatureWords.Clean(name, 40), DegradationOutcome.Dropped, "Gemini takes no tool of this name: a letter or '_' first, 64 characters at most.");
        }
    }

    private void Foreign(VendorTool vendor, UpstreamTarget target)
    {
        if (IsForced(vendor.Name))
        {
            Refuse($"tools: '{vendor.Name}' (type '{vendor.Type}') must be called, but {target.Model} has no such tool. Use a function tool, or a model whose provider runs it.");
        }
        else
        {
            _degradations.Add("tools." + FeatureWords.Clean(vendor.Type, 40), DegradationOutcome.Dropped, $"Gemini has no tool of type '{FeatureWords.Clean(vendor.Type, 40)}'.");
        }
    }

    private bool IsForced(string name) =>
        (_request.ToolChoice?.Mode == ToolChoiceMode.Named && _request.ToolChoice.Name == name) || (_request.ToolChoice?.Mode == ToolChoiceMode.Any && _request.Tools.Count == 1);

    private void Refuse(string message) => Refusal ??= new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400, message) { Param = "tools" };

    private void Marked(Tool tool)
    {
        if (tool.Cache is not null)
        {
            _degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
        }
    }

    private void WriteFunction(Utf8JsonWriter json, FunctionTool function)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, function.Name);
        if (function.Description is not null)
        {
            json.WriteString("description"u8, function.Description);
        }

        if (!function.Schema.IsEmpty && _takesJsonSchema)
        {
            json.WritePropertyName("parametersJsonSchema"u8);
            function.Schema.WriteTo(json);
        }
        else if (!function.Schema.IsEmpty)
        {
            var (schema, weakened) = SchemaDownConverter.ToOpenApi(function.Schema);
            foreach (var keyword in weakened)
            {
                _degradations.Add("schema." + keyword, DegradationOutcome.Weakened, $"Gemini's schemas have no '{keyword}'.");
            }

            // An object without properties is refused: no schema says the same.
            if (!SchemaDownConverter.IsEmptyObject(schema))
            {
                json.WritePropertyName("parameters"u8);
                schema.WriteTo(json);
            }
        }

        if (_request.From == WireProtocol.Gemini && !function.Extra.IsEmpty)
        {
            function.Extra.WriteMembersTo(json);
        }

        json.WriteEndObject();
    }

    private void WriteConfig(Utf8JsonWriter json)
    {
        if (_request.From == WireProtocol.Gemini && _request.Extras.FirstOrDefault(e => e.Name == "toolConfig") is { Value.IsEmpty: false } whole)
        {
            json.WritePropertyName("toolConfig"u8);
            whole.Value.WriteTo(json);
            return;
        }

        if (_request.ParallelToolCalls == false && HasFunctions)
        {
            _degradations.Add("parallel_tool_calls", DegradationOutcome.Dropped, "Gemini cannot be held to one call an answer.");
        }

        var choice = _request.ToolChoice;
        if (_search is not null && choice?.Mode is ToolChoiceMode.Any or ToolChoiceMode.Named)
        {
            _degradations.Add("tool_choice", DegradationOutcome.Weakened, "Gemini cannot be forced to search: it decides itself.");
        }

        if (choice is null or { Mode: ToolChoiceMode.Auto } || !HasFunctions)
        {
            return;
        }

        json.WriteStartObject("toolConfig"u8);
        json.WriteStartObject("functionCallingConfig"u8);
        json.WriteString("mode"u8, choice.Mode == ToolChoiceMode.None ? "NONE"u8 : "ANY"u8);
        if (choice is { Mode: ToolChoiceMode.Named, Name: { } name })
        {
            json.WriteStartArray("allowedFunctionNames"u8);
            json.WriteStringValue(name);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
