namespace Sluice.Upstreams.Kinds;

/// <summary>Puts an operation's path behind a base URL.</summary>
internal static class BasePath
{
    /// <summary>Keeps scheme, host, port, path and query of the base; <paramref name="tail"/> starts with a slash, its names already escaped.</summary>
    public static Uri Join(Uri baseUrl, string tail, string? query = null)
    {
        var address = new UriBuilder(baseUrl) { Path = baseUrl.AbsolutePath.TrimEnd('/') + tail }.Uri;
        return query is null ? address : ClientQuery.Append(address, query);
    }

    /// <summary>As <see cref="Join"/>, with a version before the tail unless the base ends with one of <paramref name="versions"/>; the first is the one to add.</summary>
    public static Uri JoinVersioned(Uri baseUrl, string tail, string? query, params ReadOnlySpan<string> versions)
    {
        var path = baseUrl.AbsolutePath.TrimEnd('/');
        foreach (var version in versions)
        {
            if (path.EndsWith(version, StringComparison.Ordinal))
            {
                return Join(baseUrl, tail, query);
            }
        }

        return Join(baseUrl, versions[0] + tail, query);
    }

    /// <summary>
    /// A name as one segment of a path: slashes, colons and whatever else could end the segment are escaped. A client may name the model
    /// (<c>provider/upstream-model</c>), so a name of nothing but dots, which would walk up the path, is escaped twice: the host then knows no such model.
    /// </summary>
    public static string Segment(string name) =>
        name.AsSpan().TrimStart('.').IsEmpty ? name.Replace(".", "%252E", StringComparison.Ordinal) : Uri.EscapeDataString(name);
}
