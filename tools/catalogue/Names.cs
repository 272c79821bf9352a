using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Catalogue;

/// <summary>How the lists' different spellings of one model are brought together.</summary>
internal static partial class Names
{
    private static readonly string[] Upper = ["gpt", "glm", "vl", "oss", "r1", "r2"];

    // Words that a host adds to an open model's name and that do not make it another model.
    private static readonly string[] HostWords = ["instruct", "versatile", "instant", "turbo", "fp8", "tput", "it"];

    /// <summary>The id's spelling with which to compare: small letters, hyphens only.</summary>
    public static string Key(string slug) => slug.ToLowerInvariant().Replace('.', '-').Replace('@', '-');

    /// <summary>Without date, <c>-latest</c> or <c>-0</c>; the same where there is none.</summary>
    public static string Undated(string key) => Date().Replace(key, "");

    /// <summary>The comparison key of an open model at some host.</summary>
    public static string HostKey(string upstream)
    {
        var last = upstream[(upstream.LastIndexOf('/') + 1)..];
        var words = Key(PointAsP().Replace(last, ".")).Split('-').Where(word => !HostWords.Contains(word) && word is not ("meta" or "zai"));
        return string.Join('-', words);
    }

    /// <summary>A slug in OpenRouter's manner, for models that it does not list.</summary>
    public static string Slug(string author, string upstream) =>
        author == "anthropic" ? Minor().Replace(Undated(upstream.ToLowerInvariant()), "${major}.${minor}") : upstream.ToLowerInvariant();

    /// <summary>A name for people, made of the slug.</summary>
    public static string ForPeople(string slug)
    {
        var words = slug.Replace(':', '-').Split('-', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', words.Select(word => word == "deepseek" ? "DeepSeek" : Upper.Contains(word) ? word.ToUpperInvariant() : char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..]));
    }

    [GeneratedRegex("(-[0-9]{8}|-[0-9]{4}-[0-9]{2}-[0-9]{2}|-latest|(?<=-[0-9])-0)$", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Date();

    [GeneratedRegex("(?<=[0-9])p(?=[0-9])", RegexOptions.None, 100)]
    private static partial Regex PointAsP();

    [GeneratedRegex("\\b(?<major>[0-9])-(?<minor>[0-9])\\b", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Minor();
}
