using System.Text.Json;

namespace Sluice.Testing;

/// <summary>Real provider exchanges and client captures, which lie beside the checkout and never in it. Tests skip where they are missing.</summary>
public static class SharedData
{
    /// <summary>Why a test skips when the data is not there.</summary>
    public const string MissingReason = "Real recordings are not beside this checkout (../shared/data); only the hand-written cases ran.";

    private static readonly string Root = Path.GetFullPath(Path.Combine(RepositoryRoot.Path, "..", "shared", "data"));

    /// <summary>The data is there.</summary>
    public static bool Exists => Directory.Exists(Root);

    /// <summary>Path of one file or folder under the data.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>All recordings of one <c>api</c> (<c>anthropic-messages</c>, <c>openai-chat</c>, …), by folder relative to the recordings; empty where the data is missing.</summary>
    public static IReadOnlyList<Recording> Recordings(string api)
    {
        if (!Exists)
        {
            return [];
        }

        using var manifest = JsonDocument.Parse(File.ReadAllBytes(PathOf("recordings", "manifest.json")));
        var found = new List<Recording>();
        foreach (var entry in manifest.RootElement.EnumerateArray())
        {
            if (entry.GetProperty("api").GetString() == api)
            {
                found.Add(new Recording(entry.GetProperty("dir").GetString()!));
            }
        }

        return found;
    }

    /// <summary>Paths of the captures of one client (<c>claude-code</c>, <c>sdks</c>, …); empty where the data is missing.</summary>
    public static IReadOnlyList<string> Captures(string client) =>
        Exists ? [.. Directory.EnumerateFiles(PathOf("captures", client), "*.json").Order(StringComparer.Ordinal)] : [];
}

/// <summary>One recorded exchange.</summary>
/// <param name="Folder">Relative to the recordings: <c>provider/case</c>; also the test case's display name.</param>
public sealed record Recording(string Folder)
{
    /// <summary>The exchange's description: status, model, headers, chunk lengths.</summary>
    public JsonElement Meta()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("recordings", Folder, "meta.json")));
        return document.RootElement.Clone();
    }

    /// <summary>The recorded request body, null where it is not known.</summary>
    public byte[]? Request() => Read("request.json");

    /// <summary>The recorded answer without streaming, null where there is none.</summary>
    public byte[]? Response() => Read("response.json");

    /// <summary>The recorded stream, null where there is none.</summary>
    public byte[]? Stream() => Read("response.sse");

    /// <summary>The recorded binary event stream, null where there is none.</summary>
    public byte[]? EventStream() => Read("response.eventstream");

    /// <inheritdoc/>
    public override string ToString() => Folder;

    private byte[]? Read(string name)
    {
        var path = SharedData.PathOf("recordings", Folder, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }
}
