namespace Sluice.Protocols.Conversation;

/// <summary>Where the bytes of an image, a document or a sound are.</summary>
public abstract record MediaSource
{
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
