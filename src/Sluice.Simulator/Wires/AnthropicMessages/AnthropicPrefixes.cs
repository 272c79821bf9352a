using System.Runtime.InteropServices;
using System.Text.Json;
using Sluice.Simulator.Caching;

namespace Sluice.Simulator.Wires.AnthropicMessages;

/// <summary>
/// The order in which Claude reads: tools, system, messages. A block counts with the exact bytes of its members, but without its cache mark:
/// agents move the mark to the last block every turn, and the prefix must stay the same.
/// </summary>
internal static class AnthropicPrefixes
{
    /// <summary>Blocks before a mark in which an earlier prefix is looked for.</summary>
    private const int Lookback = 20;

    /// <summary>Real answers to a prompt marked at its very end still report a few uncached tokens.</summary>
    private const int FrameTokens = 3;

    public static PrefixChain Of(JsonElement body)
    {
        using var hash = new PrefixHash();
        foreach (var tool in body.Member("tools").Items())
        {
            Block(hash, tool);
        }

        hash.Separate("|system|"u8);
        Content(hash, body.Member("system"));
        foreach (var message in body.Member("messages").Items())
        {
            hash.Separate("|"u8);
            hash.Add(message.Text("role") ?? "");
            Content(hash, message.Member("content"));
        }

        if (Lifetime(body) is { } automatic && hash.Ends.Count > 0)
        {
            hash.Ends[^1] = hash.Ends[^1] with { Lifetime = automatic };
        }

        return new PrefixChain(hash.Ends, hash.Bytes, Lookback, ChargesWrites: true) { Frame = FrameTokens };
    }

    private static void Content(PrefixHash hash, JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            // The short form of one text block, and the same tokens: hashed as that block would be.
            hash.Add("type\"text\"text"u8);
            hash.Add(JsonMarshal.GetRawUtf8Value(content));
            hash.End(null);
        }

        foreach (var block in content.Items())
        {
            Block(hash, block);
        }
    }

    private static void Block(PrefixHash hash, JsonElement block)
    {
        if (block.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in block.EnumerateObject())
        {
            if (!member.NameEquals("cache_control"u8))
            {
                hash.Add(member.Name);
                hash.Add(JsonMarshal.GetRawUtf8Value(member.Value));
            }
        }

        hash.End(Lifetime(block));
    }

    private static TimeSpan? Lifetime(JsonElement marked)
    {
        var mark = marked.Member("cache_control");
        return mark.ValueKind != JsonValueKind.Object ? null : mark.Text("ttl") == "1h" ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(5);
    }
}
