using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Sluice.Server.Identity;

/// <summary>What a client's headers say of its own retries and of its patience.</summary>
internal static class ClientRepeat
{
    private static readonly TimeSpan LongestPatience = TimeSpan.FromDays(1);

    /// <summary>The client says that it sent this request before: OpenAI's and Anthropic's SDKs count retries from 0, Google's count attempts from 1.</summary>
    public static bool IsSaid(IHeaderDictionary headers) =>
        int.TryParse(headers["x-stainless-retry-count"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var retries) && retries > 0
        || AttemptOf(headers["x-goog-api-client"].ToString()) > 1;

    /// <summary>How long the client waits, where it says so; null else.</summary>
    public static TimeSpan? Patience(IHeaderDictionary headers) =>
        Seconds(headers["x-stainless-timeout"].ToString()) ?? Seconds(headers["x-server-timeout"].ToString());

    private static TimeSpan? Seconds(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? seconds < LongestPatience.TotalSeconds ? TimeSpan.FromSeconds(seconds) : LongestPatience
            : null;

    // gl-node/24.0 gccl/7.1 gccl-attempt-count/2
    private static int AttemptOf(string agents)
    {
        const string Name = "gccl-attempt-count/";
        var at = agents.IndexOf(Name, StringComparison.Ordinal);
        if (at < 0)
        {
            return 0;
        }

        var digits = agents.AsSpan(at + Name.Length);
        var end = digits.IndexOf(' ');
        return int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) ? attempt : 0;
    }
}
