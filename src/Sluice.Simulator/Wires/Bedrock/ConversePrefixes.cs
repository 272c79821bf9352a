using System.Runtime.InteropServices;
using System.Text.Json;
using Sluice.Simulator.Caching;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>Tools, system, messages; a <c>cachePoint</c> marks what stands before it and is no token itself.</summary>
internal static class ConversePrefixes
{
    /// <summary>Blocks before a mark in which an earlier prefix is looked for.</summary>
    private const int Lookback = 20;

    private const int FrameTokens = 3;

    public static PrefixChain Of(JsonElement body)
    {
        using var hash = new PrefixHash();
        Blocks(hash, body.Member("toolConfig").Member("tools"));
        hash.Separate("|system|"u8);
        Blocks(hash, body.Member("system"));
        foreach (var message in body.Member("messages").Items())
        {
            hash.Separate("|"u8);
            hash.Add(message.Text("role") ?? "");
            Blocks(hash, message.Member("content"));
        }

        return new PrefixChain(hash.Ends, hash.Bytes, Lookback, ChargesWrites: true) { Frame = FrameTokens };
    }

    private static void Blocks(PrefixHash hash, JsonElement blocks)
    {
        foreach (var block in blocks.Items())
        {
            var point = block.Member("cachePoint");
            if (point.ValueKind != JsonValueKind.Object)
            {
                hash.Add(JsonMarshal.GetRawUtf8Value(block));
                hash.End(null);
            }
            else if (hash.Ends.Count > 0)
            {
                hash.Ends[^1] = hash.Ends[^1] with { Lifetime = point.Text("ttl") == "1h" ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(5) };
            }
        }
    }
}
