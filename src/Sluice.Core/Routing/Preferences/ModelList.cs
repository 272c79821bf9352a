using System.Text.Json;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Routing.Preferences;

/// <summary>The form of <c>models</c> and <c>fallbacks</c>: names, or objects with nothing but a <c>model</c>.</summary>
internal static class ModelList
{
    /// <summary>Null where the list is well formed, else a 400 that names it.</summary>
    public static GatewayError? Check(string member, ReadOnlySpan<byte> value, int most)
    {
        try
        {
            var json = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = 512 });
            if (!json.Read() || json.TokenType != JsonTokenType.StartArray)
            {
                return Refuse(member, "must be an array");
            }

            var count = 0;
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                if (++count > most)
                {
                    return Refuse(member, $"may hold {most} entries at most");
                }

                if (!IsName(ref json) && !IsModelObject(ref json))
                {
                    return Refuse(member, "may hold names of models, or objects with `model` alone");
                }
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Refuse(member, "is no valid JSON");
        }
    }

    private static bool IsName(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.String && json.ValueSpan.Length > 0;

    private static bool IsModelObject(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        var names = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!json.ValueTextEquals("model"u8) || !json.Read() || !IsName(ref json))
            {
                return false;
            }

            names++;
        }

        return names == 1;
    }

    private static GatewayError Refuse(string member, string fault) => PreferencesReader.Refusal(member, $"`{member}` {fault}.");
}
