using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Limits;

namespace Sluice.Simulator.Wires;

/// <summary>The headers of every answer of OpenAI, whichever of its formats.</summary>
internal static class OpenAIHeaders
{
    public static IEnumerable<KeyValuePair<string, string>> Of(string id, RateLimitState? limits)
    {
        yield return new("x-request-id", "req_sim_" + id[..24]);
        yield return new("openai-processing-ms", "1");
        if (limits is null)
        {
            yield break;
        }

        // OpenAI has one bucket for tokens, whichever way they go.
        foreach (var (name, reading) in new[] { ("requests", limits.Requests), ("tokens", limits.Input ?? limits.Output) })
        {
            if (reading is { } r)
            {
                yield return new($"x-ratelimit-limit-{name}", r.Limit.ToString(CultureInfo.InvariantCulture));
                yield return new($"x-ratelimit-remaining-{name}", r.Remaining.ToString(CultureInfo.InvariantCulture));
                yield return new($"x-ratelimit-reset-{name}", Duration(r.FullIn));
            }
        }
    }

    /// <summary>As OpenAI writes them: <c>20ms</c>, <c>1.5s</c>, <c>6m0s</c>.</summary>
    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Ceiling(time.TotalMilliseconds)}ms"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds * 1000) / 1000}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMinutes}m{time.Seconds}s"),
    };
}

/// <summary><c>Authorization: Bearer …</c>, or Azure's <c>api-key</c>.</summary>
internal static class OpenAICredential
{
    public static string? Of(HttpRequest request)
    {
        var azure = request.Headers["api-key"].ToString();
        return Bearer.Of(request.Headers) ?? (azure.Length > 0 ? azure : null);
    }
}
