using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Gemini's paths end in <c>models/{model}:{method}</c> behind whatever the host puts before it (a version, on Vertex also project, location and
/// publisher). Models may hold slashes and colons, so the method is what follows the last colon.
/// </summary>
internal static class GeminiPaths
{
    private const string Models = "/models/";

    private static readonly (string Method, SurfaceOperation Operation, bool Stream)[] Methods =
    [
        ("generateContent", SurfaceOperation.Generate, false),
        ("streamGenerateContent", SurfaceOperation.Generate, true),
        ("countTokens", SurfaceOperation.CountTokens, false),
        ("embedContent", SurfaceOperation.Embed, false),
        ("batchEmbedContents", SurfaceOperation.EmbedBatch, false),
    ];

    /// <inheritdoc cref="IClientFormat.CallAt"/>
    public static ClientCall? CallAt(string path, string query)
    {
        var colon = path.LastIndexOf(':');
        var models = path.IndexOf(Models, StringComparison.Ordinal);
        if (colon < 0 || models < 0 || colon <= models + Models.Length || !IsKnownPrefix(path.AsSpan(0, models)))
        {
            return null;
        }

        foreach (var (method, operation, stream) in Methods)
        {
            if (path.AsSpan(colon + 1).SequenceEqual(method))
            {
                return new ClientCall(operation)
                {
                    Model = Uri.UnescapeDataString(path[(models + Models.Length)..colon]),
                    Stream = stream,
                    Framing = stream && !query.Contains("alt=sse", StringComparison.OrdinalIgnoreCase) ? GeminiArrayFraming.Instance : null,
                };
            }
        }

        return null;
    }

    /// <inheritdoc cref="IClientFormat.PathOf"/>
    public static string PathOf(SurfaceOperation operation, string model, bool stream)
    {
        var method = Array.Find(Methods, m => m.Operation == operation && m.Stream == (stream && operation == SurfaceOperation.Generate)).Method;
        return $"/v1beta{Models}{model}:{method}{(stream ? "?alt=sse" : "")}";
    }

    // "", /v1, /v1beta, /v1beta1, each alone or before /publishers/google or /projects/P/locations/L/publishers/google. Google's SDKs put
    // their version behind a base URL that may have one already.
    private static bool IsKnownPrefix(ReadOnlySpan<char> prefix)
    {
        if (prefix.EndsWith("/publishers/google", StringComparison.Ordinal))
        {
            return true;
        }

        foreach (var version in (ReadOnlySpan<string>)["/v1beta1", "/v1beta", "/v1alpha", "/v1"])
        {
            prefix = prefix.EndsWith(version, StringComparison.Ordinal) ? prefix[..^version.Length] : prefix;
        }

        return prefix.IsEmpty;
    }
}
