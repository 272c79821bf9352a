using Microsoft.AspNetCore.Http;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary>
/// Reads <c>/v1beta/models/MODEL:verb</c> and Vertex's <c>…/publishers/PUBLISHER/models/MODEL:verb</c>. Models may hold slashes, plain or escaped, and colons: the last one counts.
/// </summary>
internal static class GeminiPath
{
    /// <param name="request">The request.</param>
    /// <param name="publisher">Whose models at Vertex.</param>
    /// <returns>Model and verb; null on other paths.</returns>
    public static (string Model, string Verb)? Of(HttpRequest request, string publisher = "google")
    {
        var path = request.Path.Value!;
        var hosted = "/publishers/" + publisher + "/models/";
        var at = path.IndexOf(hosted, StringComparison.Ordinal);
        var start = at + hosted.Length;
        if (at < 0 && publisher == "google")
        {
            foreach (var own in (ReadOnlySpan<string>)["/v1beta/models/", "/v1/models/", "/v1alpha/models/"])
            {
                at = path.IndexOf(own, StringComparison.Ordinal);
                start = at + own.Length;
                if (at >= 0)
                {
                    break;
                }
            }
        }

        var colon = path.LastIndexOf(':');
        return at < 0 || colon <= start ? null : (Uri.UnescapeDataString(path[start..colon]), path[(colon + 1)..]);
    }

    public static bool IsVertex(HttpRequest request) => request.Path.Value!.Contains("/publishers/", StringComparison.Ordinal);

    public static string? Credential(HttpRequest request)
    {
        var key = request.Headers["x-goog-api-key"].ToString();
        key = key.Length > 0 ? key : request.Query["key"].ToString();
        return key.Length > 0 ? key : Bearer.Of(request.Headers);
    }

    public static WireRefusal BadCredential(HttpRequest request, bool shown) =>
        IsVertex(request) ? new(401) : shown ? new(400, "key") : new(403, "key");
}
