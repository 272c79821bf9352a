using Microsoft.AspNetCore.Http;

namespace Sluice.Server.Attempts;

/// <summary>The <c>anthropic-beta</c> header: a list, separated by commas or repeated.</summary>
internal static class Betas
{
    /// <summary>Its name.</summary>
    public const string Header = "anthropic-beta";

    /// <summary>The betas that the client asks for, in its order.</summary>
    public static List<string> Of(IHeaderDictionary headers)
    {
        var betas = new List<string>();
        foreach (var value in headers[Header])
        {
            betas.AddRange((value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }

        return betas;
    }

    /// <summary>One header value without the betas that must not be sent; the value itself where all may. Null where nothing is left.</summary>
    public static string? Keep(string value, Func<string, bool> isRefused)
    {
        var all = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var kept = Array.FindAll(all, beta => !isRefused(beta));
        return kept.Length == all.Length ? value : kept.Length == 0 ? null : string.Join(',', kept);
    }
}
