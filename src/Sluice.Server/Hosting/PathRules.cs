namespace Sluice.Server.Hosting;

/// <summary>
/// Makes one path of the many that clients build from their base URLs: doubled slashes collapse, a leading <c>/api</c> goes, repeated leading
/// <c>/v1</c> become one. Codex and Qwen send <c>//v1/…</c> when the base URL ends in a slash.
/// </summary>
internal static class PathRules
{
    /// <summary>The path as the surfaces match it; the same instance when nothing had to change.</summary>
    public static string Normalise(string path)
    {
        var result = path.Contains("//", StringComparison.Ordinal) ? CollapseSlashes(path) : path;
        result = WithoutPrefix(result, "/api");
        while (result.StartsWith("/v1/v1", StringComparison.Ordinal) && IsSegmentEnd(result, 6))
        {
            result = result[3..];
        }

        return result;
    }

    /// <summary>True when the client came by <c>/api</c>, where OpenRouter's habits hold (usage is sent unasked).</summary>
    public static bool IsOpenRouterPath(string path) =>
        path.TrimStart('/').StartsWith("api", StringComparison.Ordinal) && IsSegmentEnd("/" + path.TrimStart('/'), 4);

    private static string WithoutPrefix(string path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && IsSegmentEnd(path, prefix.Length)
            ? path.Length == prefix.Length ? "/" : path[prefix.Length..]
            : path;

    private static bool IsSegmentEnd(string path, int at) => path.Length == at || path[at] == '/';

    private static string CollapseSlashes(string path) => string.Create(CollapsedLength(path), path, static (target, source) =>
    {
        var at = 0;
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '/' || i == 0 || source[i - 1] != '/')
            {
                target[at++] = source[i];
            }
        }
    });

    private static int CollapsedLength(string path)
    {
        var length = path.Length;
        for (var i = 1; i < path.Length; i++)
        {
            length -= path[i] == '/' && path[i - 1] == '/' ? 1 : 0;
        }

        return length;
    }
}
