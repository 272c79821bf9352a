namespace Sluice.Core.Routing.Rules;

/// <summary>Reads one tag of <c>k=v,k=v</c> without taking the text apart.</summary>
internal static class RuleTags
{
    /// <summary>The first value of that name; <c>true</c> for a name without a value; empty where it is not there.</summary>
    public static ReadOnlySpan<char> Find(ReadOnlySpan<char> tags, ReadOnlySpan<char> name)
    {
        foreach (var range in tags.Split(','))
        {
            var tag = tags[range].Trim();
            var split = tag.IndexOf('=');
            var key = split < 0 ? tag : tag[..split].TrimEnd();
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return split < 0 ? "true" : tag[(split + 1)..].TrimStart();
            }
        }

        return default;
    }
}
