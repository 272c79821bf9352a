using System.Security.Cryptography;
using System.Text;

namespace Sluice.Simulator.Caching;

/// <summary>A place in the prompt up to which it may be cached.</summary>
/// <param name="Hash">Of every byte before it.</param>
/// <param name="Bytes">How many those are.</param>
/// <param name="Lifetime">How long the prefix is to be kept when this place is a cache mark; null when it is not.</param>
internal readonly record struct PrefixEnd(string Hash, long Bytes, TimeSpan? Lifetime);

/// <summary>The prompt's bytes in the order in which the model reads them, hashed as a chain.</summary>
/// <param name="Ends">In order.</param>
/// <param name="Bytes">All of the prompt.</param>
/// <param name="Lookback">How many ends before a mark are tried for a cached prefix.</param>
/// <param name="ChargesWrites">Writing into the cache is counted apart (Anthropic); else it is plain input.</param>
internal sealed record PrefixChain(IReadOnlyList<PrefixEnd> Ends, long Bytes, int Lookback, bool ChargesWrites)
{
    /// <summary>Tokens that the vendor adds after the last place that can be marked; so uncached input is never 0.</summary>
    public int Frame { get; init; }

    public int Tokens => Answers.TokenCount.Of(Bytes) + Frame;
}

/// <summary>Hashes a prompt piece by piece.</summary>
internal sealed class PrefixHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Bytes { get; private set; }

    public List<PrefixEnd> Ends { get; } = [];

    public void Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    public void Add(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        Bytes += bytes.Length;
    }

    /// <summary>Structure that separates pieces but is no token.</summary>
    public void Separate(ReadOnlySpan<byte> marker) => _hash.AppendData(marker);

    public void End(TimeSpan? lifetime) => Ends.Add(new PrefixEnd(Convert.ToHexString(_hash.GetCurrentHash()), Bytes, lifetime));

    public void Dispose() => _hash.Dispose();
}
