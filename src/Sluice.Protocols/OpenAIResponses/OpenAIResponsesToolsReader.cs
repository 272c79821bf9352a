using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Reads tool declarations, wherever they stand: in <c>tools</c>, or in <c>additional_tools</c> items of the input, where newer clients put them.
/// No type is unknown: what the client does not run itself is the vendor's, verbatim.
/// </summary>
internal sealed class OpenAIResponsesToolsReader(RequestFaults faults)
{
    private readonly List<Tool> _tools = [];

    /// <summary>All tools read so far, in the client's order.</summary>
    public IReadOnlyList<Tool> Tools => _tools;

    /// <summary>Reads one array of declarations.</summary>
    public void Read(JsonElement value, string path)
    {
        if (!faults.Is(value, JsonValueKind.Array, path))
        {
            return;
        }

        var i = 0;
        foreach (var tool in value.EnumerateArray())
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{i++}]");
            if (faults.Is(tool, JsonValueKind.Object, at))
            {
                Add(tool, at, null);
            }
        }
    }

    private void Add(JsonElement tool, string path, string? space)
    {
        switch (faults.Required(tool, "type", path))
        {
            case "function":
                // Chat's nested spelling is taken too: clients that were moved from there often forget it.
                Function(ResponsesJson.Object(tool, "function", out var nested) ? nested : tool, path, space);
                break;
            case "custom":
                if (faults.Required(tool, "name", path) is { Length: > 0 } name)
                {
                    Declare(new CustomTool(name, faults.MemberText(tool, "description", path + ".description"),
                        ResponsesJson.Object(tool, "format", out var format) ? ResponsesJson.Raw(format) : default) { Namespace = space });
                }

                break;
            case "namespace" when space is null:
                Namespace(tool, path);
                break;
            case { Length: > 0 } type:
                Declare(new VendorTool(type, ResponsesJson.Text(tool, "name") ?? type, ResponsesJson.Raw(tool), WireProtocol.OpenAIResponses) { Namespace = space });
                break;
        }
    }

    private void Function(JsonElement function, string path, string? space)
    {
        if (faults.Required(function, "name", path) is not { Length: > 0 } name)
        {
            return;
        }

        Declare(new FunctionTool(
            name,
            faults.MemberText(function, "description", path + ".description"),
            function.TryGetProperty("parameters", out var schema) && schema.ValueKind != JsonValueKind.Null ? ResponsesJson.Raw(schema) : default)
        {
            Strict = function.TryGetProperty("strict", out var strict) ? faults.Flag(strict, path + ".strict") : null,
            DeferLoading = function.TryGetProperty("defer_loading", out var defer) && defer.ValueKind == JsonValueKind.True,
            Namespace = space,
        });
    }

    private void Namespace(JsonElement tool, string path)
    {
        var name = faults.Required(tool, "name", path);
        if (!tool.TryGetProperty("tools", out var tools) || !faults.Is(tools, JsonValueKind.Array, path + ".tools"))
        {
            faults.Fail(path + ".tools", "Missing required parameter: '" + path + ".tools'.");
            return;
        }

        var i = 0;
        foreach (var inner in tools.EnumerateArray())
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}.tools[{i++}]");
            if (faults.Is(inner, JsonValueKind.Object, at))
            {
                Add(inner, at, name);
            }
        }
    }

    // A history that loads tools again and again declares them again and again; other vendors refuse a name twice.
    private void Declare(Tool tool)
    {
        var at = _tools.FindIndex(t => t.Name == tool.Name && t.Namespace == tool.Namespace && t is not VendorTool);
        if (at < 0 || tool is VendorTool)
        {
            _tools.Add(tool);
        }
        else
        {
            _tools[at] = tool;
        }
    }
}
