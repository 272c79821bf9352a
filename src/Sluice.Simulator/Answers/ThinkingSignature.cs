using System.Security.Cryptography;
using System.Text;

namespace Sluice.Simulator.Answers;

/// <summary>Signs thinking as a provider does: opaque, bound to the exact text, and void at any other provider.</summary>
internal sealed class ThinkingSignature
{
    /// <summary>What is signed where the vendor binds a signature to no text.</summary>
    public const string PartText = "part";

    private const int NonceBytes = 8;

    private readonly byte[] _key;
    private readonly bool _verifies;

    public ThinkingSignature(int seed, bool verifies = true)
    {
        _verifies = verifies;
        _key = SHA256.HashData(Encoding.UTF8.GetBytes("sluice-simulator-thinking-" + seed.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>Off for conversations that were had elsewhere.</summary>
    public bool Verifies => _verifies;

    /// <summary>Base64 of a nonce and the HMAC of nonce and text.</summary>
    /// <param name="thinking">The text exactly as the client will send it back; empty where the client asked not to see it.</param>
    /// <param name="subject">What the nonce is made of, so that equal requests get equal bytes.</param>
    public string Sign(string thinking, string subject)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(subject), digest);
        var signed = new byte[NonceBytes + HMACSHA256.HashSizeInBytes];
        digest[..NonceBytes].CopyTo(signed);
        Mac(signed.AsSpan(0, NonceBytes), thinking, signed.AsSpan(NonceBytes));
        return Convert.ToBase64String(signed);
    }

    public bool Verify(string thinking, string signature)
    {
        if (!_verifies)
        {
            return true;
        }

        var signed = new byte[NonceBytes + HMACSHA256.HashSizeInBytes];
        if (!Convert.TryFromBase64String(signature, signed, out var length) || length != signed.Length)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Mac(signed.AsSpan(0, NonceBytes), thinking, mac);
        return CryptographicOperations.FixedTimeEquals(mac, signed.AsSpan(NonceBytes));
    }

    /// <summary>Sixteen hexadecimal digits that nobody else puts beside the first 24 of an id.</summary>
    public string Mark(string id) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes("id" + id[..24])).AsSpan(0, 8));

    /// <summary>An id of this simulator's own: 24 digits and their mark.</summary>
    public bool IsMarked(string digits) => !_verifies || (digits.Length >= 40 && digits.AsSpan(24, 16).SequenceEqual(Mark(digits)));

    private void Mac(ReadOnlySpan<byte> nonce, string thinking, Span<byte> destination)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(nonce);
        hmac.AppendData(Encoding.UTF8.GetBytes(thinking));
        hmac.GetHashAndReset(destination);
    }
}
