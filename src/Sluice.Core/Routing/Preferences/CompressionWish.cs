using System.Text.Json;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Preferences;

/// <summary>
/// Reads whether a request wants its conversation shortened where it is longer than a model's window: OpenRouter's plugin
/// <c>{"id":"context-compression","engine":"middle-out"}</c>, or the older <c>"transforms":["middle-out"]</c>.
/// </summary>
public static class CompressionWish
{
    private const string Engine = "middle-out";

    /// <summary>What it wants, or a 400 that names the member. A plugin that is switched off counts before the older member.</summary>
    /// <param name="envelope">The scan of <paramref name="body"/>.</param>
    /// <param name="body">The client's whole body.</param>
    public static (bool Wanted, GatewayError? Error) Read(Envelope envelope, ReadOnlySpan<byte> body)
    {
        var wanted = false;
        bool? plugin = null;
        for (var i = 0; i < envelope.GatewayMembers.Count; i++)
        {
            var member = envelope.GatewayMembers[i];
            var value = body.Slice(member.Value.Start, member.Value.Length);
            switch (member.Name)
            {
                case "transforms" when value.IndexOf("\"middle-out\""u8) >= 0:
                    wanted = true;
                    break;
                case "plugins" when value.IndexOf("\"context-compression\""u8) >= 0:
                    (plugin, var error) = Plugin(value);
                    if (error is not null)
                    {
                        return (false, error);
                    }

                    break;
            }
        }

        return (plugin ?? wanted, null);
    }

    private static (bool? Wanted, GatewayError? Error) Plugin(ReadOnlySpan<byte> value)
    {
        try
        {
            var json = new Utf8JsonReader(value);
            using var plugins = JsonDocument.ParseValue(ref json);
            if (plugins.RootElement.ValueKind != JsonValueKind.Array)
            {
                return (null, PreferencesReader.Refusal("plugins", "`plugins` must be an array of objects."));
            }

            foreach (var plugin in plugins.RootElement.EnumerateArray())
            {
                if (plugin.ValueKind != JsonValueKind.Object || !plugin.TryGetProperty("id", out var id) || !id.ValueEquals("context-compression"))
                {
                    continue;
                }

                if (plugin.TryGetProperty("engine", out var engine) && engine.ValueKind != JsonValueKind.Null && !(engine.ValueKind == JsonValueKind.String && engine.ValueEquals(Engine)))
                {
                    return (null, PreferencesReader.Refusal("plugins", $"`plugins`: the engine of context-compression must be {Engine}."));
                }

                return (!plugin.TryGetProperty("enabled", out var enabled) || enabled.ValueKind != JsonValueKind.False, null);
            }

            return (null, null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, PreferencesReader.Refusal("plugins", "`plugins` is no valid JSON."));
        }
    }
}
