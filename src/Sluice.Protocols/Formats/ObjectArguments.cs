using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Formats;

/// <summary>A call's arguments where a format demands an object.</summary>
internal static class ObjectArguments
{
    /// <summary>Writes the value. A model's broken text is still carried, under a name that says so: whoever reads the conversation on can tell what went wrong.</summary>
    public static void Write(Utf8JsonWriter json, ToolCallPart call)
    {
        if (call.ArgumentsAreJson && !call.Arguments.IsEmpty)
        {
            call.Arguments.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        if (!call.Arguments.IsEmpty)
        {
            json.WriteString("invalid_json"u8, call.Arguments.ToString());
        }

        json.WriteEndObject();
    }
}
