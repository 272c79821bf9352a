using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.WebSearch;

/// <summary>
/// OpenRouter's way to ask for a search of the web: <c>plugins: [{"id":"web",…}]</c>, and <c>:online</c> behind a model's name, which means the
/// same without options. For a provider that searches by a tool it becomes that tool.
/// </summary>
public static class WebPlugin
{
    /// <summary>The tool for a search without options.</summary>
    public static readonly Tool Plain = Build(null, default, default);

    /// <summary>The tool that a list of plugins asks for; null where it asks for none.</summary>
    /// <param name="plugins">The member's value.</param>
    public static Tool? Of(ReadOnlyMemory<byte> plugins)
    {
        try
        {
            using var document = JsonDocument.Parse(plugins);
            foreach (var plugin in document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.EnumerateArray() : default)
            {
                if (plugin.ValueKind == JsonValueKind.Object && plugin.TryGetProperty("id"u8, out var id) && id.ValueKind == JsonValueKind.String && id.ValueEquals("web"u8)
                    && !(plugin.TryGetProperty("enabled"u8, out var enabled) && enabled.ValueKind == JsonValueKind.False))
                {
                    return Build(
                        plugin.TryGetProperty("max_uses"u8, out var uses) && uses.TryGetInt64(out var most) ? most : null,
                        plugin.TryGetProperty("include_domains"u8, out var only) ? only : default,
                        plugin.TryGetProperty("exclude_domains"u8, out var not) ? not : default);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken inside: nobody can tell what it asks for.
        }

        return null;
    }

    private static VendorTool Build(long? most, JsonElement only, JsonElement not)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "web_search_20250305"u8);
            writer.WriteString("name"u8, WebSearchTool.AnthropicName);
            if (most is { } uses)
            {
                writer.WriteNumber("max_uses"u8, uses);
            }

            Write(writer, "allowed_domains", only);
            Write(writer, "blocked_domains", not);
            writer.WriteEndObject();
        }

        return new VendorTool("web_search_20250305", WebSearchTool.AnthropicName, new RawJson(json.WrittenMemory), WireProtocol.AnthropicMessages);
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement domains)
    {
        if (domains.ValueKind == JsonValueKind.Array && domains.GetArrayLength() > 0)
        {
            writer.WritePropertyName(name);
            domains.WriteTo(writer);
        }
    }
}
