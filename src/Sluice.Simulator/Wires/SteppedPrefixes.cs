using System.Runtime.InteropServices;
using System.Text.Json;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;

namespace Sluice.Simulator.Wires;

/// <summary>OpenAI and Google cache by themselves: the prompt in the order in which the model reads it, in steps of 1024 tokens.</summary>
internal static class SteppedPrefixes
{
    private const int StepBytes = 1024 * TokenCount.BytesPerToken;

    /// <summary>Idle prefixes are dropped after 5 to 10 minutes at OpenAI; the shorter time is the one that can be relied on.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <param name="parts">The prompt's parts in the model's order; undefined ones count nothing.</param>
    public static PrefixChain Of(IEnumerable<JsonElement> parts)
    {
        using var hash = new PrefixHash();
        foreach (var part in parts)
        {
            if (part.ValueKind != JsonValueKind.Undefined)
            {
                Add(hash, JsonMarshal.GetRawUtf8Value(part));
            }
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
