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

    // Vendors put instructions of their own before tools and schemas; in recorded exchanges 500 to 600 tokens for Claude 4.x, 200 to 300 for others.
    private const int TokensBeforeTools = 400;
    private const int TokensBeforeToolsOfClaude = 600;

    // A wide character's bytes beyond its first: about one token for a CJK character (3 bytes), half of one for a Cyrillic (2 bytes).
    private const double TokensPerWideByte = 0.35;
    private const int TokensPerMessage = 4;
    private const int TokensPerRequest = 8;

    // Anthropic: width × height / 750, at most about 1,600 for one image; OpenAI's tiles come to less for large ones and to 255 for the
    // smallest. An image whose size cannot be seen (a link) counts as a large one.
    private const int TokensPerImage = 1600;
    private const int PixelsPerToken = 750;
    private const int TokensPerTile = 255;

    // Documents of plain text make Claude read instructions on citing them first; 570 tokens in recorded exchanges, once.
    private const int TokensBeforeTextDocuments = 600;

    // A page of PDF is 1,500 to 3,000 tokens and, as base64, some 60 KB.
    private const int TokensPerPdfPage = 2000;
    private const int BytesPerPdfPage = 60_000;

    private double _tokens;
    private long _pdfBytes;
    private long _imageTokens;
    private int _sizedImages;
    private int _textDocuments;
    private bool _hasTools;

    /// <summary>Tokens of a picture of this size, in pixels.</summary>
    public static long OfImage(int width, int height) => Math.Min(TokensPerImage, (((long)width * height) + PixelsPerToken - 1) / PixelsPerToken);

    /// <summary>Adds what stands in messages or system text.</summary>
    public void AddMessages(in WalkCounts counts, int messages)
    {
        // Names and structure are not shown to the model, escapes are one character.
        _tokens += Math.Max(0, counts.TextBytes - counts.MediaBytes - counts.Escapes) / TextBytesPerToken;
        _tokens += counts.SealedBytes / SealedBytesPerToken;
        _tokens += messages * TokensPerMessage;
        _pdfBytes += counts.PdfBytes;
        _imageTokens += counts.ImageTokens;
        _sizedImages += counts.SizedImages;
        _textDocuments += counts.TextDocuments;
    }

    /// <summary>Adds tools, or a schema: shown to the model as they stand.</summary>
    public void AddTools(in WalkCounts counts, int length)
    {
        if (length > 2)
        {
            _hasTools = true;
            _tokens += Math.Max(0, length - counts.Escapes) / SchemaBytesPerToken;
        }
    }

    /// <summary>The sum, rounded up.</summary>
    /// <param name="wideBytes">Bytes of wide characters beyond their first.</param>
    /// <param name="images">Image parts.</param>
    /// <param name="documents">Document parts.</param>
    /// <param name="claude">The client speaks Anthropic's format, or names one of its models.</param>
    public readonly long Total(int wideBytes, int images, int documents, bool claude)
    {
        var tools = !_hasTools ? 0 : claude ? TokensBeforeToolsOfClaude : TokensBeforeTools;
        var before = tools + (_textDocuments > 0 ? TokensBeforeTextDocuments : 0);
        var unsized = Math.Max(0, images - _sizedImages);
        var tiles = claude ? 0 : _sizedImages * TokensPerTile;
        var pages = Math.Max(Math.Max(0, documents - _textDocuments), (_pdfBytes + BytesPerPdfPage - 1) / BytesPerPdfPage);
        return (long)Math.Ceiling(_tokens + before + (wideBytes * TokensPerWideByte) + _imageTokens + tiles + (unsized * (double)TokensPerImage) + (pages * (double)TokensPerPdfPage)) + TokensPerRequest;
    }
}
