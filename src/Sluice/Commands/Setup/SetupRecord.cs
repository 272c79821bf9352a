using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sluice.Commands.Setup;

/// <summary>What a setup changed, so that undoing it restores every byte. Kept in the home folder, since copies of settings in a checkout would be committed.</summary>
/// <param name="Files">In the order they were written.</param>
internal sealed record SetupRecord(IReadOnlyList<SetupFile> Files)
{
    /// <summary>Keys that setups made; null in records of versions that kept none.</summary>
    public IReadOnlyList<SetupKey>? Keys { get; init; }

    /// <summary>Applies changes and keeps what is needed to undo them.</summary>
    /// <param name="recordPath">Where it is kept.</param>
    /// <param name="changes">What to write; with none and no keys, nothing is kept.</param>
    /// <param name="keys">Keys that were made for it.</param>
    public static void Apply(string recordPath, IReadOnlyList<FileChange> changes, IReadOnlyList<SetupKey>? keys = null)
    {
        if (changes.Count == 0 && keys is null or [])
        {
            return;
        }

        // A second setup before an undo: the oldest content is what undo goes back to.
        var earlier = Read(recordPath);
        var files = new List<SetupFile>(earlier?.Files ?? []);
        foreach (var change in changes)
        {
            var known = files.FindIndex(file => file.Path == change.Path);
            if (known >= 0)
            {
                files[known] = files[known] with { WrittenHash = Hash(change.After) };
            }
            else
            {
                files.Add(new SetupFile(change.Path, change.Before is not null, change.Before ?? [], Hash(change.After)));
            }
        }

        // First the record: a process that dies in between can then still be undone.
        Write(recordPath, JsonSerializer.SerializeToUtf8Bytes(new SetupRecord(files) { Keys = [.. earlier?.Keys ?? [], .. keys ?? []] }, CommandJson.Default.SetupRecord), isPrivate: true);
        foreach (var change in changes)
        {
            Write(change.Path, change.After, change.IsPrivate);
        }
    }

    /// <summary>Restores every file of the record, which is gone then, unless it names keys: those are for <see cref="KeepKeys"/> to end.</summary>
    /// <returns>The paths restored, and the keys that are still to be revoked.</returns>
    /// <exception cref="CommandFailure">Nothing to undo, or a file was changed by somebody since.</exception>
    public static UndoneSetup Undo(string recordPath)
    {
        var record = Read(recordPath) ?? throw new CommandFailure("There is no setup to undo for this folder.", 2);
        foreach (var file in record.Files)
        {
            var present = File.Exists(file.Path) ? File.ReadAllBytes(file.Path) : null;
            if (present is not null && Hash(present) != file.WrittenHash && !IsBefore(present, file))
            {
                throw new CommandFailure(
                    $"{file.Path} was changed since Sluice wrote it, so restoring it would lose that change; nothing was undone. Take {ClaudeCodeSetup.UrlName} and {ClaudeCodeSetup.TokenName} out of its env block by hand. What it held before is in {recordPath}.");
            }
        }

        foreach (var file in record.Files)
        {
            if (file.Existed)
            {
                Write(file.Path, file.Before, isPrivate: false);
            }
            else
            {
                File.Delete(file.Path);
            }
        }

        var keys = record.Keys ?? [];
        KeepKeys(recordPath, keys);
        return new UndoneSetup([.. record.Files.Select(file => file.Path)], keys);
    }

    /// <summary>Makes the record one of keys alone, or removes it where none is left.</summary>
    public static void KeepKeys(string recordPath, IReadOnlyList<SetupKey> left)
    {
        if (left.Count == 0)
        {
            File.Delete(recordPath);
        }
        else
        {
            Write(recordPath, JsonSerializer.SerializeToUtf8Bytes(new SetupRecord([]) { Keys = left }, CommandJson.Default.SetupRecord), isPrivate: true);
        }
    }

    /// <summary>Where the record of a folder is kept.</summary>
    public static string PathFor(string homeFolder, string client, string projectFolder) =>
        Path.Combine(homeFolder, ".sluice", "setup", $"{client}-{Hash(Encoding.UTF8.GetBytes(Path.GetFullPath(projectFolder)))[..16]}.json");

    private static bool IsBefore(byte[] present, SetupFile file) => file.Existed && present.AsSpan().SequenceEqual(file.Before);

    private static SetupRecord? Read(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), CommandJson.Default.SetupRecord) : null;

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Overwrites in place, so that mode, owner and links of a file that is there stay.</summary>
    private static void Write(string path, byte[] content, bool isPrivate)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (isPrivate && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.SetLength(0);
        file.Write(content);
    }
}

/// <summary>One file of a setup.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Existed">It was there before. Said apart, since generated JSON code writes null bytes as empty ones.</param>
/// <param name="Before">Its bytes before.</param>
/// <param name="WrittenHash">SHA-256 of what was written, to notice changes since.</param>
internal sealed record SetupFile(string Path, bool Existed, byte[] Before, string WrittenHash);

/// <summary>A key that a setup made.</summary>
/// <param name="Id">As <c>keys list</c> shows it.</param>
/// <param name="Url">The Sluice that made it.</param>
internal sealed record SetupKey(string Id, string Url);

/// <summary>What undoing restored.</summary>
/// <param name="Files">Their paths.</param>
/// <param name="Keys">Made by setup, not revoked yet.</param>
internal sealed record UndoneSetup(IReadOnlyList<string> Files, IReadOnlyList<SetupKey> Keys);

/// <summary>What <c>setup --json</c> prints.</summary>
internal sealed record SetupAnswer(bool DryRun, bool Undone, IReadOnlyList<string> Files, string? Url)
{
    /// <summary><c>made</c>, <c>reused</c> or <c>given</c>; null for an undo.</summary>
    public string? Key { get; init; }

    /// <summary>Id of the key that the settings hold; null where it was given, or is not made yet.</summary>
    public string? KeyId { get; init; }

    /// <summary>Ids of keys that an undo revoked.</summary>
    public IReadOnlyList<string> RevokedKeys { get; init; } = [];

    /// <summary>Ids of keys that an undo could not revoke.</summary>
    public IReadOnlyList<string> ValidKeys { get; init; } = [];
}
