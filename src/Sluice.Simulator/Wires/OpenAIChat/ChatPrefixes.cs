using System.Runtime.InteropServices;
using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;

namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>OpenAI caches by itself: tools, then messages, in steps of 1024 tokens.</summary>
internal static class ChatPrefixes
{
    private const int StepBytes = 1024 * TokenCount.BytesPerToken;

    /// <summary>Idle prefixes are dropped after 5 to 10 minutes at OpenAI; the shorter time is the one that can be relied on.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public static PrefixChain Of(JsonElement body)
    {
        using var hash = new PrefixHash();
        foreach (var tool in body.Member("tools").Items())
        {
            Add(hash, JsonMarshal.GetRawUtf8Value(tool));
        }

        foreach (var message in body.Member("messages").Items())
        {
            Add(hash, JsonMarshal.GetRawUtf8Value(message));
        }

        return new PrefixChain(hash.Ends, hash.Bytes, Lookback: int.MaxValue, ChargesWrites: false);
    }

    private static void Add(PrefixHash hash, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = StepBytes - (int)(hash.Bytes % StepBytes);
            var piece = bytes[..Math.Min(room, bytes.Length)];
            hash.Add(piece);
            bytes = bytes[piece.Length..];
            if (piece.Length == room)
            {
                hash.End(Lifetime);
            }
        }
    }
}
