namespace Sluice.Upstreams.Kinds;

/// <summary>What of a client's query reaches an upstream.</summary>
internal static class ClientQuery
{
    /// <summary>In <c>key</c> clients send their Sluice key.</summary>
    public static readonly IReadOnlyList<string> KeyOnly = ["key"];

    /// <summary>The framing is chosen here (<c>alt=sse</c>), never by the client; the others are Google's further ways to sign in.</summary>
    public static readonly IReadOnlyList<string> KeyAndFraming = ["key", "alt", "$alt", "access_token", "oauth_token", "quotaUser", "$userProject", "userProject"];

    /// <summary>The query without its question mark and without <paramref name="dropped"/>.</summary>
    public static string Without(string query, IReadOnlyList<string> dropped)
    {
        var text = query.AsSpan().TrimStart('?');
        var kept = new List<string>();
        var length = 0;
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            var equals = pair.IndexOf('=');
            var name = Uri.UnescapeDataString((equals < 0 ? pair : pair[..equals]).ToString());
            if (!pair.IsEmpty && !dropped.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                kept.Add(pair.ToString());
                length += pair.Length + 1;
            }
        }

        return length == text.Length + 1 ? text.ToString() : string.Join('&', kept);
    }

    /// <summary>The address with a query behind its own.</summary>
    public static Uri Append(Uri address, string query) =>
        query.Length == 0 ? address
        : new UriBuilder(address) { Query = address.Query.Length > 1 ? $"{address.Query[1..]}&{query}" : query }.Uri;
}
