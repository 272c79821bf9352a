using System.Globalization;
using System.Text.Json;
using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Wires;

/// <summary>Writes a token count as the usage fault, if any, wants it.</summary>
internal static class UsageNumbers
{
    public static void Count(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, int count, UsageShape shape)
    {
        switch (shape)
        {
            case UsageShape.Negative:
                writer.WriteNumber(name, -1 - count);
                break;
            case UsageShape.Huge:
                writer.WriteNumber(name, long.MaxValue - count);
                break;
            case UsageShape.Text:
                writer.WriteString(name, count.ToString(CultureInfo.InvariantCulture));
                break;
            default:
                writer.WriteNumber(name, count);
                break;
        }
    }
}
