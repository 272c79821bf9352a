using System.Text.RegularExpressions;

namespace Sluice.Core.Catalogue;

/// <summary>What is left of a model's name without its version: <c>claude-opus-4.8</c> and <c>claude-opus-5</c> are both <c>claude-opus</c>.</summary>
internal static partial class ModelFamilies
{
    /// <summary>The family of a slug, without author.</summary>
    public static string Of(string slug) =>
        string.Join('-', slug.Split('-').Where(word => word is not ("preview" or "") && !Version().IsMatch(word)));

    /// <summary><c>claude-opus-5-5</c> as OpenRouter writes it: <c>claude-opus-5.5</c>. Dates stay.</summary>
    public static string Dotted(string slug) => HyphenatedVersion().Replace(slug, "${major}.${minor}");

    /// <summary>The vendor whose own host serves an author's models.</summary>
    public static string VendorOf(string author) => author switch
    {
        "x-ai" => "xai",
        "z-ai" => "zai",
        "mistralai" => "mistral",
        "moonshotai" => "moonshot",
        _ => author,
    };

    [GeneratedRegex("^[a-z]?[0-9]+(\\.[0-9]+)*$", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Version();

    [GeneratedRegex("\\b(?<major>[0-9]{1,2})-(?<minor>[0-9]{1,2})\\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex HyphenatedVersion();
}
