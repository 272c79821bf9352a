namespace Sluice.Protocols.Conversation;

/// <summary>Where the bytes of an image, a document or a sound are.</summary>
public abstract record MediaSource
{
    /// <summary>What OpenAI's formats write as one text: <c>data:image/png;base64,…</c>, or an address.</summary>
    public static MediaSource Of(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            var comma = address.IndexOf(',', StringComparison.Ordinal);
            var head = comma < 0 ? string.Empty : address[5..comma];
            if (head.EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
            {
                var type = head[..^7];
                var semicolon = type.IndexOf(';', StringComparison.Ordinal);
                return new Base64(semicolon < 0 ? type : type[..semicolon], address[(comma + 1)..]);
            }
        }

        return new Url(address);
    }

    /// <summary>Inline bytes, still base64 as the client sent them: decoding and encoding again would cost time and gain nothing.</summary>
    /// <param name="MediaType">For example <c>image/png</c>.</param>
    /// <param name="Data">Base64 text.</param>
    public sealed record Base64(string MediaType, string Data) : MediaSource;

    /// <summary>An address that the upstream fetches; Sluice never does.</summary>
    public sealed record Url(string Address) : MediaSource;

    /// <summary>A file uploaded earlier to one vendor; means nothing to another.</summary>
    public sealed record FileId(string Id) : MediaSource;

    /// <summary>Plain text standing as a document.</summary>
    public sealed record PlainText(string MediaType, string Text) : MediaSource;
}
