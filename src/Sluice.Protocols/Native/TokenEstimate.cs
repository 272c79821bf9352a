namespace Sluice.Protocols.Native;

/// <summary>
/// Guesses input tokens from bytes. No vendor publishes its tokenizer for every model, and a guess is only charged where the upstream
/// reported nothing, so it leans upwards.
/// </summary>
internal struct TokenEstimate
{
    // Bytes a token. Prose has 4.4 to 5 in recorded exchanges, code and newer tokenizers 3.3 to 3.9; JSON schemas are words that tokenizers know.
    private const double TextBytesPerToken = 4.0;
    private const double SchemaBytesPerToken = 4.2;

    // Anthropic's encrypted_content of search results, as base64.
    private const double SealedBytesPerToken = 1.9;

    // Vendors put instructions of their own before tools and schemas; 300 to 500 tokens for Claude.
    private const int TokensBeforeTools = 400;

    // A wide character's bytes beyond its first: about one token for a CJK character (3 bytes), half of one for a Cyrillic (2 bytes).
    private const double TokensPerWideByte = 0.35;
    private const int TokensPerMessage = 4;
    private const int TokensPerRequest = 8;

    // Anthropic: width × height / 750, at most about 1,600 for one image.
    private const int TokensPerImage = 1600;

    // A page of PDF is 1,500 to 3,000 tokens and, as base64, some 60 KB.
    private const int TokensPerPdfPage = 2000;
    private const int BytesPerPdfPage = 60_000;

    private double _tokens;
    private long _pdfBytes;

    /// <summary>Adds what stands in messages or system text.</summary>
    public void AddMessages(in WalkCounts counts, int messages)
    {
        // Names and structure are not shown to the model, escapes are one character.
        _tokens += Math.Max(0, counts.TextBytes - counts.MediaBytes - counts.Escapes) / TextBytesPerToken;
        _tokens += counts.SealedBytes / SealedBytesPerToken;
        _tokens += messages * TokensPerMessage;
        _pdfBytes += counts.PdfBytes;
    }

    /// <summary>Adds tools, or a schema: shown to the model as they stand.</summary>
    public void AddTools(in WalkCounts counts, int length) =>
        _tokens += length <= 2 ? 0 : TokensBeforeTools + (Math.Max(0, length - counts.Escapes) / SchemaBytesPerToken);

    /// <summary>The sum, rounded up.</summary>
    public readonly long Total(int wideBytes, int images, int documents)
    {
        var pages = Math.Max(documents, (_pdfBytes + BytesPerPdfPage - 1) / BytesPerPdfPage);
        return (long)Math.Ceiling(_tokens + (wideBytes * TokensPerWideByte) + (images * (double)TokensPerImage) + (pages * (double)TokensPerPdfPage)) + TokensPerRequest;
    }
}
