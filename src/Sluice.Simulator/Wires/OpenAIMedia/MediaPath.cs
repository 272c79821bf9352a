using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Wires.OpenAIChat;

namespace Sluice.Simulator.Wires.OpenAIMedia;

/// <summary>OpenAI's paths of images, sound and video, behind whatever base; Azure's with the deployment in them.</summary>
internal static class MediaPath
{
    /// <summary>The route of a POST at one of <paramref name="tails"/>; null for any other.</summary>
    public static WireRoute? Post(HttpRequest request, params ReadOnlySpan<string> tails)
    {
        if (!HttpMethods.IsPost(request.Method))
        {
            return null;
        }

        foreach (var tail in tails)
        {
            if (request.Path.Value!.EndsWith(tail, StringComparison.Ordinal))
            {
                return new(WireCall.Media, AzurePath.Of(request, tail)?.Model);
            }
        }

        return null;
    }
}
