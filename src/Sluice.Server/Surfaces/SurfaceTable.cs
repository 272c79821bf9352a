using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Formats;
using Sluice.Server.Hosting;

namespace Sluice.Server.Surfaces;

/// <summary>Which paths are inference, after <see cref="PathRules"/>: each format knows its own.</summary>
internal static class SurfaceTable
{
    /// <summary>What is served, for whoever asked for something else.</summary>
    public static readonly string Served =
        $"It serves POST {string.Join(", ", WireFormats.AllClients.Select(format => format.PathOf(SurfaceOperation.Generate, "MODEL", stream: false)))}, and GET /v1/models.";

    /// <summary>The surface of a request, null where its path is none.</summary>
    /// <param name="normalised">The path, by <see cref="PathRules.Normalise"/>.</param>
    /// <param name="request">As sent: under <c>/api</c> OpenRouter's habits hold.</param>
    public static Surface? Find(string normalised, HttpRequest request)
    {
        foreach (var format in WireFormats.AllClients)
        {
            if (format.CallAt(normalised, request.QueryString.Value ?? "") is { } call)
            {
                return new Surface(format, call) { IsOpenRouters = PathRules.IsOpenRouterPath(request.Path.Value ?? "") };
            }
        }

        return null;
    }

    /// <summary>The format to speak to a client whose path is not an inference path.</summary>
    public static IClientFormat FormatFor(HttpRequest request, string normalised)
    {
        foreach (var format in WireFormats.AllClients)
        {
            if (format.Recognises(normalised, request.Headers.ContainsKey))
            {
                return format;
            }
        }

        return WireFormats.Fallback;
    }
}
