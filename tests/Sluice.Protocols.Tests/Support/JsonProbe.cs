using System.Text.Json;

namespace Sluice.Protocols.Tests.Support;

/// <summary>
/// Looks for something in a JSON document, without any code of the formats. A probe is <c>path</c> (is there), <c>path=value</c> or <c>path~piece</c> (of a
/// string); paths are dotted, <c>*</c> is any member or item, <c>**</c> any depth; <c>!</c> before a path negates; <c>&amp;&amp;</c> binds closer than <c>||</c>.
/// </summary>
internal static class JsonProbe
{
    /// <summary>Found nowhere: the format has no place for it, so that it must be told.</summary>
    public const string Never = "never";

    /// <summary>There without a word in the body: the format does it unasked, or says it in the path.</summary>
    public const string Always = "always";

    public static bool Finds(JsonElement root, string probe) => probe switch
    {
        Never => false,
        Always => true,
        _ => probe.Split(" || ").Any(any => any.Split(" && ").All(all => Holds(root, all))),
    };

    private static bool Holds(JsonElement root, string term)
    {
        if (term.StartsWith('!'))
        {
            return !Holds(root, term[1..]);
        }

        var at = term.IndexOfAny(['=', '~']);
        var path = (at < 0 ? term : term[..at]).Split('.');
        return Matches(root, path).Any(found => at < 0 || Compare(found, term[at], term[(at + 1)..]));
    }

    private static bool Compare(JsonElement found, char how, string wanted) => found.ValueKind switch
    {
        JsonValueKind.String when how == '~' => found.GetString()!.Contains(wanted, StringComparison.OrdinalIgnoreCase),
        JsonValueKind.String => found.GetString() == wanted,
        JsonValueKind.Object or JsonValueKind.Array => false,
        _ => how == '=' && found.GetRawText() == wanted,
    };

    private static IEnumerable<JsonElement> Matches(JsonElement here, ReadOnlyMemory<string> path)
    {
        if (path.IsEmpty)
        {
            return [here];
        }

        var (step, rest) = (path.Span[0], path[1..]);
        var children = here.ValueKind switch
        {
            JsonValueKind.Object => here.EnumerateObject().Select(m => (m.Name, m.Value)),
            JsonValueKind.Array => here.EnumerateArray().Select((item, i) => (Name: i.ToString(System.Globalization.CultureInfo.InvariantCulture), Value: item)),
            _ => [],
        };
        return step == "**"
            ? Matches(here, rest).Concat(children.SelectMany(c => Matches(c.Value, path)))
            : children.Where(c => step == "*" || c.Name == step).SelectMany(c => Matches(c.Value, rest));
    }
}
