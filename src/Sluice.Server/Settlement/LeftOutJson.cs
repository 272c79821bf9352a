using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Core.Routing;

namespace Sluice.Server.Settlement;

/// <summary>The plan's left-out endpoints as the ledger keeps them: <c>[{"endpoint":…,"why":…}]</c>.</summary>
internal static class LeftOutJson
{
    // A row is read by people; a plan with more exclusions than this is a configuration to look at, not a row to read.
    private const int MaxEntries = 64;

    /// <summary>Null when nothing was left out, which is the usual case.</summary>
    public static string? Write(IReadOnlyList<LeftOutEndpoint> leftOut)
    {
        if (leftOut.Count == 0)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var i = 0; i < Math.Min(leftOut.Count, MaxEntries); i++)
            {
                json.WriteStartObject();
                json.WriteString("endpoint"u8, leftOut[i].Endpoint);
                json.WriteString("why"u8, leftOut[i].Why);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
