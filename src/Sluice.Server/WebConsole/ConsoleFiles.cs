using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Sluice.Server.WebConsole;

/// <summary>The files of <c>src/console</c>, which are built into this assembly: nothing is fetched, and no folder can be missing beside the program.</summary>
internal static class ConsoleFiles
{
    private const string Prefix = "console/";

    // Read when the first page is asked for: a gateway without an administrator before it pays nothing.
    private static readonly Lazy<FrozenDictionary<string, ConsoleFile>> Files = new(Load);

    /// <summary>By path below <c>/console/</c>; null when there is no such file.</summary>
    public static ConsoleFile? Find(string path) => Files.Value.GetValueOrDefault(path);

    /// <summary>All paths.</summary>
    public static IEnumerable<string> Paths => Files.Value.Keys;

    private static FrozenDictionary<string, ConsoleFile> Load()
    {
        var assembly = typeof(ConsoleFiles).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..].Replace('\\', '/'), name => Read(assembly.GetManifestResourceStream(name)!, name), StringComparer.Ordinal);
    }

    private static ConsoleFile Read(Stream resource, string name)
    {
        using (resource)
        {
            var bytes = new byte[resource.Length];
            resource.ReadExactly(bytes);
            return new ConsoleFile(bytes, TypeOf(name), new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes), 0, 8)}\""));
        }
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"Nothing says what a console file '{other}' is served as."),
    };
}

/// <summary>One file.</summary>
/// <param name="Bytes">As served.</param>
/// <param name="ContentType">With its charset.</param>
/// <param name="Tag">Changes with the bytes.</param>
internal sealed record ConsoleFile(ReadOnlyMemory<byte> Bytes, string ContentType, EntityTagHeaderValue Tag);
