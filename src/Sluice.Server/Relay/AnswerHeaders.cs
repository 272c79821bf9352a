using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Catalogue;
using Sluice.Core.Routing;
using Sluice.Server.Attempts;
using Sluice.Server.Settlement;
using Sluice.Upstreams;

namespace Sluice.Server.Relay;

/// <summary>The headers that every inference answer carries, as far as they are known when the headers go.</summary>
internal static class AnswerHeaders
{
    /// <summary>Of any answer: ids.</summary>
    public static void WriteIds(HttpResponse response, string requestId)
    {
        response.Headers["x-sluice-request-id"] = requestId;
        response.Headers["X-Generation-Id"] = requestId;
    }

    /// <summary>Of an answer that some attempt gave; <paramref name="upstream"/>'s own headers first, so that Sluice's stand.</summary>
    public static void Write(HttpResponse response, InferenceRequest request, Attempt? attempt, UpstreamAnswer? upstream)
    {
        if (upstream is not null)
        {
            var headers = new List<KeyValuePair<string, string>>();
            upstream.CollectHeaders(headers);
            foreach (var (name, value) in headers)
            {
                // The body's type is set with the body: a translation has another than the upstream's.
                if (!name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                {
                    response.Headers.Append(name, HeaderText.Of(value));
                }
            }
        }

        WriteIds(response, request.Id);
        response.Headers["x-sluice-attempts"] = request.Attempts.Count.ToString(CultureInfo.InvariantCulture);
        request.Cached?.WriteMiss(response);
        request.Admission?.WriteHeaders(response);
        request.Budget?.WriteHeaders(response);
        if (attempt is null)
        {
            return;
        }

        response.Headers["x-sluice-model"] = HeaderText.Of(attempt.Row.Model);
        response.Headers["x-sluice-provider"] = attempt.Row.Provider;
        response.Headers["x-sluice-route"] = HeaderText.Of(attempt.Route);
        if (Warning(request.Plan, attempt.Candidate.Endpoint.Model) is { } warning)
        {
            response.Headers["x-sluice-warning"] = HeaderText.Of(warning);
        }

        if (Settler.Describe(attempt.Degradations) is { } degraded)
        {
            response.Headers["x-sluice-degraded"] = HeaderText.Of(degraded);
        }
    }

    // Whoever counts on one model has to be told in the answer itself that it was another.
    private static string? Warning(Plan plan, Model answering)
    {
        var isSubstitute = plan.Auto is null && plan.Model is { } asked && asked.Id != answering.Id;
        if (!isSubstitute && plan.Notes.Count == 0)
        {
            return null;
        }

        var notes = string.Join(' ', plan.Notes);
        return isSubstitute ? $"{plan.Model!.Id} was asked for and {answering.Id} answers. {notes}".TrimEnd() : notes;
    }
}
