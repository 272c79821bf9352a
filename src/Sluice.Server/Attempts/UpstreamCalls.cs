using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Upstreams;

namespace Sluice.Server.Attempts;

/// <summary>Describes one call to the HTTP side.</summary>
internal static class UpstreamCalls
{
    /// <summary>The call of <paramref name="attempt"/> with <paramref name="pieces"/> as its body.</summary>
    public static UpstreamCall Create(InferenceRequest request, Attempt attempt, IReadOnlyList<ReadOnlyMemory<byte>> pieces, RefusedBetas refused) => new()
    {
        Candidate = attempt.Candidate,
        Protocol = attempt.Wire,
        Operation = request.Surface.Operation switch
        {
            SurfaceOperation.CountTokens => UpstreamOperation.CountTokens,
            SurfaceOperation.Embed => UpstreamOperation.Embed,
            SurfaceOperation.EmbedBatch => UpstreamOperation.EmbedBatch,
            SurfaceOperation.MakeImage => UpstreamOperation.MakeImage,
            SurfaceOperation.EditImage => UpstreamOperation.EditImage,
            SurfaceOperation.Speak => UpstreamOperation.Speak,
            SurfaceOperation.Transcribe => UpstreamOperation.Transcribe,
            SurfaceOperation.TranslateSpeech => UpstreamOperation.TranslateSpeech,
            SurfaceOperation.MakeVideo => UpstreamOperation.MakeVideo,
            SurfaceOperation.Generate => UpstreamOperation.Generate,
            var other => throw new InvalidOperationException($"No upstream operation for {other}."),
        },
        Stream = request.Envelope.Stream,
        Query = attempt.Native ? request.Http.Request.QueryString.Value : null,
        ClientHeaders = Headers(request, attempt, refused),
        Body = pieces,
        Native = attempt.Native,
    };

    private static List<KeyValuePair<string, string>> Headers(InferenceRequest request, Attempt attempt, RefusedBetas refused)
    {
        var headers = Flatten(request.Http.Request.Headers);
        if (request.WithoutBetas.Count == 0 && (refused.IsEmpty || request.Facts.Strict))
        {
            return headers;
        }

        var provider = attempt.Candidate.Provider.Name;
        for (var i = headers.Count - 1; i >= 0; i--)
        {
            var (name, value) = headers[i];
            if (!name.Equals(Betas.Header, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var kept = Betas.Keep(value, beta => request.WithoutBetas.Contains(beta) || refused.Contains(provider, beta));
            if (kept != value)
            {
                attempt.Degradations.Add(Betas.Header, DegradationOutcome.Dropped, "The provider refuses a beta that the client asked for.");
                headers.RemoveAt(i);
                if (kept is not null)
                {
                    headers.Insert(i, new(name, kept));
                }
            }
        }

        return headers;
    }

    private static List<KeyValuePair<string, string>> Flatten(IHeaderDictionary headers)
    {
        var flat = new List<KeyValuePair<string, string>>(headers.Count);
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                flat.Add(new(name, value ?? ""));
            }
        }

        return flat;
    }
}
