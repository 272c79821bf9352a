using System.Text;

namespace Sluice.Protocols.Formats;

/// <summary>
/// Carries one vendor's signature inside another format's signature field, so that a client which knows nothing of it brings it back:
/// <c>sluice1.PROTOCOL.BASE64URL</c>, base64 as a whole where the client's field is one of bytes.
/// </summary>
public static class SignatureCarrier
{
    private const string Prefix = "sluice1.";

    /// <summary>The signature as a client's field carries it: as it is where the client's format is the signer's own, else wrapped.</summary>
    public static string Wrap(string signature, WireProtocol signedBy, WireProtocol client)
    {
        if (signedBy == client)
        {
            return signature;
        }

        var carried = string.Concat(Prefix, WireFormats.NameOf(signedBy), ".", ToBase64Url(signature));
        return WireFormats.Client(client).SignaturesAreBase64 ? Convert.ToBase64String(Encoding.ASCII.GetBytes(carried)) : carried;
    }

    /// <summary>What a client brought back: the signature and who signed it. A text without the prefix is the client format's own.</summary>
    public static (string Signature, WireProtocol SignedBy) Unwrap(string carried, WireProtocol client)
    {
        var text = WireFormats.Client(client).SignaturesAreBase64 ? FromBase64(carried) : carried;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return (carried, client);
        }

        var dot = text.IndexOf('.', Prefix.Length);
        return dot >= 0 && WireFormats.Named(text[Prefix.Length..dot]) is { } protocol && FromBase64Url(text.AsSpan(dot + 1)) is { } signature
            ? (signature, protocol)
            : (carried, client);
    }

    /// <summary>A field of base64 holds another vendor's proof: <see cref="Prefix"/>, encoded.</summary>
    internal static bool IsCarriedInBase64(ReadOnlySpan<byte> field) => field.StartsWith("c2x1aWNlMS5"u8);

    private static string? FromBase64(string carried) =>
        System.Buffers.Text.Base64.IsValid(carried) ? Encoding.UTF8.GetString(Convert.FromBase64String(carried)) : null;

    private static string ToBase64Url(string text) =>
        System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string? FromBase64Url(ReadOnlySpan<char> text) =>
        System.Buffers.Text.Base64Url.IsValid(text) ? Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(text)) : null;
}
