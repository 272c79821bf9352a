using Microsoft.AspNetCore.Http;
using Sluice.Protocols;
using Sluice.Server.Surfaces;
using Sluice.Upstreams;

namespace Sluice.Server.Attempts;

/// <summary>Describes one call to the HTTP side.</summary>
internal static class UpstreamCalls
{
    /// <summary>The call of <paramref name="attempt"/> with <paramref name="pieces"/> as its body.</summary>
    public static UpstreamCall Create(InferenceRequest request, Attempt attempt, IReadOnlyList<ReadOnlyMemory<byte>> pieces) => new()
    {
        Candidate = attempt.Candidate,
        Protocol = attempt.Wire,
        Operation = (request.Surface.Operation, attempt.Wire) switch
        {
            (SurfaceOperation.CountTokens, _) => UpstreamOperation.CountTokens,
            (_, WireProtocol.AnthropicMessages) => UpstreamOperation.Messages,
            _ => UpstreamOperation.ChatCompletions,
        },
        Query = attempt.Native ? request.Http.Request.QueryString.Value : null,
        ClientHeaders = Flatten(request.Http.Request.Headers),
        Body = pieces,
        Native = attempt.Native,
    };

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
