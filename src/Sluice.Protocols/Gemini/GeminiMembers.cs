using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>Builds small JSON objects.</summary>
internal static class GeminiMembers
{
    /// <summary>An object whose members <paramref name="write"/> writes.</summary>
    public static RawJson Object(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, GeminiJson.Relaxed))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return RawJson.Copy(buffer.WrittenSpan);
    }
}
