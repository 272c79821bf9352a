using System.Security.Cryptography;
using System.Text;

namespace Sluice.Core.Identity;

/// <summary>The secret text of a client key: <c>sk-sluice-</c> and 40 letters and digits.</summary>
public static class KeySecret
{
    /// <summary>What every key of Sluice starts with, so that it is recognised as one where it does not belong.</summary>
    public const string Scheme = "sk-sluice-";

    /// <summary>Longest text that can be a key; anything longer is unknown without being hashed.</summary>
    public const int MaxLength = 512;

    private const int PrefixLength = 12;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>A new secret with 238 bits from the operating system's generator.</summary>
    public static string Create() => Scheme + RandomNumberGenerator.GetString(Alphabet, 40);

    /// <summary>The characters that may be shown.</summary>
    public static string PrefixOf(string secret) => secret[..Math.Min(PrefixLength, secret.Length)];

    /// <summary>
    /// SHA-256 of the text. A slow, salted hash protects secrets that people choose; 238 random bits cannot be guessed at any speed, and a
    /// slow hash would cost every request milliseconds.
    /// </summary>
    public static byte[] Hash(string secret)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        return TryHash(secret, hash) ? hash : throw new ArgumentException("Longer than a key can be.", nameof(secret));
    }

    /// <summary>Hashes a presented text on the stack.</summary>
    /// <returns>False when the text cannot be a key: empty or longer than <see cref="MaxLength"/>.</returns>
    internal static bool TryHash(ReadOnlySpan<char> presented, Span<byte> hash)
    {
        if (presented.IsEmpty || presented.Length > MaxLength)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[MaxLength * 3];
        var length = Encoding.UTF8.GetBytes(presented, bytes);
        SHA256.HashData(bytes[..length], hash);
        CryptographicOperations.ZeroMemory(bytes[..length]);
        return true;
    }
}
