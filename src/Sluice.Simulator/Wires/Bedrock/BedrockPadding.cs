using System.Text.Json;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>The member <c>p</c> of every event: letters of a length that says nothing, so that nobody who counts bytes on the way reads along.</summary>
internal static class BedrockPadding
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    public static void Pad(Utf8JsonWriter w, string id, int index) => w.WriteString("p"u8, Letters.AsSpan(0, 1 + ((id[index % id.Length] * 7 + index) % Letters.Length)));
}
