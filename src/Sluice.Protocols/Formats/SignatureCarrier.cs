using System.Text;

namespace Sluice.Protocols.Formats;

/// <summary>
/// Carries one vendor's signature inside another format's signature field, so that a client which knows nothing of it brings it back:
/// <c>sluice1.PROTOCOL.BASE64URL</c>, for Gemini clients base64 as a whole, since their field is one of bytes.
/// </summary>
public static class SignatureCarrier
{
    private const string Prefix = "sluice1.";

    // Part of what clients keep in their histories: a name stays as it is once a release has written it.
    private static readonly (string Name, WireProtocol Protocol)[] Names =
    [
        ("anthropic", WireProtocol.AnthropicMessages),
        ("chat", WireProtocol.OpenAIChat),
        ("responses", WireProtocol.OpenAIResponses),
        ("gemini", WireProtocol.Gemini),
        ("converse", WireProtocol.BedrockConverse),
    ];

    /// <summary>The signature as a client's field carries it: as it is where the client's format is the signer's own, else wrapped.</summary>
    public static string Wrap(string signature, WireProtocol signedBy, WireProtocol client)
    {
        if (signedBy == client)
        {
            return signature;
        }

        var name = Array.Find(Names, n => n.Protocol == signedBy).Name;
        var carried = string.Concat(Prefix, name, ".", ToBase64Url(signature));
        return client == WireProtocol.Gemini ? Convert.ToBase64String(Encoding.ASCII.GetBytes(carried)) : carried;
    }

    /// <summary>What a client brought back: the signature and who signed it. A text without the prefix is the client format's own.</summary>
    public static (string Signature, WireProtocol SignedBy) Unwrap(string carried, WireProtocol client)
    {
        var text = client == WireProtocol.Gemini ? FromBase64(carried) : carried;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return (carried, client);
        }

        var dot = text.IndexOf('.', Prefix.Length);
        var name = dot < 0 ? "" : text[Prefix.Length..dot];
        var (_, protocol) = Array.Find(Names, n => n.Name == name);
        return name.Length > 0 && Array.Exists(Names, n => n.Name == name) && FromBase64Url(text.AsSpan(dot + 1)) is { } signature
            ? (signature, protocol)
            : (carried, client);
    }

    private static string? FromBase64(string carried) =>
        System.Buffers.Text.Base64.IsValid(carried) ? Encoding.UTF8.GetString(Convert.FromBase64String(carried)) : null;

    private static string ToBase64Url(string text) =>
        System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string? FromBase64Url(ReadOnlySpan<char> text) =>
        System.Buffers.Text.Base64Url.IsValid(text) ? Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(text)) : null;
}
