using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Maps tool call ids to what Anthropic takes (<c>^[a-zA-Z0-9_-]{1,64}$</c>), the same id always to the same, two different ones never to one:
/// prompt caches and the pairing of calls with results hang on it.
/// </summary>
internal static class ToolIds
{
    private const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <summary>The id itself where it is allowed; else a readable part of it and a hash of the whole.</summary>
    public static string Map(string id)
    {
        if (id.Length is > 0 and <= MaxLength && !id.AsSpan().ContainsAnyExcept(Allowed))
        {
            return id;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 8));
        return "toolu_" + FeatureWords.Clean(id, 24) + hash;
    }

    /// <summary>
    /// Ids of one answer or one conversation: a repeated one (some providers use an id again in a later turn, or give none) becomes a new one by its
    /// count, since Anthropic refuses two calls of one id, and clients pair results by it. Deterministic by position.
    /// </summary>
    public sealed class Distinct
    {
        private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);

        /// <summary>The id for the next call that was named <paramref name="id"/>.</summary>
        public string Map(string id)
        {
            var mapped = ToolIds.Map(id);
            ref var count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_seen, mapped, out _);
            count++;
            return count == 1 ? mapped : ToolIds.Map(mapped + "#" + count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
