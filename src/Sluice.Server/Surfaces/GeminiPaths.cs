using Microsoft.AspNetCore.Http;
using Sluice.Protocols;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Surfaces;

/// <summary>
/// Gemini's paths end in <c>models/{model}:{method}</c> behind whatever the host puts before it (a version, on Vertex also project, location and
/// publisher). Models may hold slashes and colons, so the method is what follows the last colon.
/// </summary>
internal static class GeminiPaths
{
    private const string Models = "/models/";

    /// <summary>The surface of a normalised path, null where it is none of Gemini's.</summary>
    public static Surface? Find(string normalised, QueryString query)
    {
        var colon = normalised.LastIndexOf(':');
        var models = normalised.IndexOf(Models, StringComparison.Ordinal);
        if (colon < 0 || models < 0 || colon <= models + Models.Length || !IsKnownPrefix(normalised.AsSpan(0, models)))
        {
            return null;
        }

        var model = Uri.UnescapeDataString(normalised[(models + Models.Length)..colon]);
        var framing = query.Value is { } text && text.Contains("alt=sse", StringComparison.OrdinalIgnoreCase) ? StreamFraming.Events : StreamFraming.JsonArray;
        return normalised.AsSpan(colon + 1) switch
        {
            "generateContent" => Of(SurfaceOperation.Generate, new PathCall(model, Stream: false, StreamFraming.Events)),
            "streamGenerateContent" => Of(SurfaceOperation.Generate, new PathCall(model, Stream: true, framing)),
            "countTokens" => Of(SurfaceOperation.CountTokens, new PathCall(model, Stream: false, StreamFraming.Events)),
            "embedContent" => Of(SurfaceOperation.Embed, new PathCall(model, Stream: false, StreamFraming.Events)),
            "batchEmbedContents" => Of(SurfaceOperation.EmbedBatch, new PathCall(model, Stream: false, StreamFraming.Events)),
            _ => null,
        };
    }

    private static Surface Of(SurfaceOperation operation, PathCall call) =>
        new(WireFormats.Client(WireProtocol.Gemini), operation) { Path = call };

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
