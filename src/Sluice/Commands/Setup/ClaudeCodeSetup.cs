using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Commands.Setup;

/// <summary>Which of Claude Code's settings files is meant.</summary>
internal enum SetupScope
{
    /// <summary><c>.claude/settings.json</c>: tracked, so the address alone; the key goes to the local file.</summary>
    Project,

    /// <summary><c>.claude/settings.local.json</c>: of this checkout, ignored by git.</summary>
    Local,

    /// <summary><c>~/.claude/settings.json</c>.</summary>
    Global,
}

/// <summary>A file as it is and as it is to be.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Before">Null where it does not exist.</param>
/// <param name="After">Its new content.</param>
/// <param name="IsPrivate">Holds a secret: mode 0600 when it is made.</param>
internal sealed record FileChange(string Path, byte[]? Before, byte[] After, bool IsPrivate);

/// <summary>What one of the settings is in the end, and which file says so.</summary>
internal sealed record EffectiveSetting(string Name, string? Value, string? Origin);

/// <summary>Points Claude Code at Sluice through the <c>env</c> block of its settings, which wins over the shell's environment.</summary>
/// <param name="projectFolder">The checkout.</param>
/// <param name="homeFolder">The user's.</param>
internal sealed partial class ClaudeCodeSetup(string projectFolder, string homeFolder)
{
    public const string UrlName = "ANTHROPIC_BASE_URL";
    public const string TokenName = "ANTHROPIC_AUTH_TOKEN";

    private const string Ignored = ".claude/settings.local.json";

    /// <summary>The changes that point the client at <paramref name="url"/>; files that already say so are left out.</summary>
    public IReadOnlyList<FileChange> Plan(SetupScope scope, string url, string token)
    {
        var urlPair = KeyValuePair.Create(UrlName, url);
        var tokenPair = KeyValuePair.Create(TokenName, token);
        List<FileChange> changes = scope switch
        {
            SetupScope.Global => [Change(PathOf(SetupScope.Global), isPrivate: true, urlPair, tokenPair)],
            SetupScope.Local => [Change(PathOf(SetupScope.Local), isPrivate: true, urlPair, tokenPair)],
            _ => [Change(PathOf(SetupScope.Project), isPrivate: false, urlPair), Change(PathOf(SetupScope.Local), isPrivate: true, tokenPair)],
        };
        if (scope != SetupScope.Global && IgnoreEntry() is { } ignore)
        {
            changes.Add(ignore);
        }

        return [.. changes.Where(change => change.Before is null || !change.Before.AsSpan().SequenceEqual(change.After))];
    }

    /// <summary>The key that the scope's settings hold now; null where they hold none.</summary>
    public string? PresentToken(SetupScope scope)
    {
        var path = PathOf(scope == SetupScope.Global ? SetupScope.Global : SetupScope.Local);
        return File.Exists(path) ? ReadSetting(path, TokenName) : null;
    }

    /// <summary>What Claude Code will use, and where it comes from: local over project over global.</summary>
    public IReadOnlyList<EffectiveSetting> Explain() =>
    [
        .. new[] { UrlName, TokenName, "ANTHROPIC_API_KEY", "ANTHROPIC_MODEL" }.Select(name =>
        {
            foreach (var scope in new[] { SetupScope.Local, SetupScope.Project, SetupScope.Global })
            {
                var path = PathOf(scope);
                if (File.Exists(path) && ReadSetting(path, name) is { } value)
                {
                    return new EffectiveSetting(name, name.EndsWith("URL", StringComparison.Ordinal) || name.EndsWith("MODEL", StringComparison.Ordinal) ? value : Mask(value), path);
                }
            }

            var shell = Environment.GetEnvironmentVariable(name);
            return new EffectiveSetting(name, shell is null ? null : name == UrlName ? shell : Mask(shell), shell is null ? null : "the shell's environment");
        }),
    ];

    /// <summary>A line of a settings file with the value of every key in it masked, the old one's too: a diff is pasted into chats.</summary>
    public static string MaskKeys(string line) => KeyValue().Replace(line, match => match.Groups["head"].Value + Mask(match.Groups["key"].Value));

    [GeneratedRegex(@"(?<head>""[A-Z_]*(TOKEN|KEY)""\s*:\s*"")(?<key>[^""]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyValue();

    /// <summary>A secret as it may be shown.</summary>
    public static string Mask(string secret) => secret.Length <= 16 ? "…" : secret[..12] + "…";

    private string PathOf(SetupScope scope) => scope switch
    {
        SetupScope.Project => Path.Combine(projectFolder, ".claude", "settings.json"),
        SetupScope.Local => Path.Combine(projectFolder, ".claude", "settings.local.json"),
        _ => Path.Combine(homeFolder, ".claude", "settings.json"),
    };

    private static string? ReadSetting(string path, string name)
    {
        try
        {
            return SettingsText.Read(File.ReadAllBytes(path), "env", name);
        }
        catch (JsonException e)
        {
            throw new CommandFailure($"{path} is not valid JSON: {e.Message} Mend it first; nothing was changed.");
        }
    }

    private static FileChange Change(string path, bool isPrivate, params KeyValuePair<string, string>[] values)
    {
        var before = File.Exists(path) ? File.ReadAllBytes(path) : null;
        try
        {
            return new FileChange(path, before, SettingsText.Set(before ?? [], "env", values), isPrivate);
        }
        catch (JsonException e)
        {
            throw new CommandFailure($"{path} is not valid JSON for settings: {e.Message} Mend it first; nothing was changed.");
        }
    }

    /// <summary>In a git checkout the file with the key must be ignored; null where it is, or where there is no checkout.</summary>
    private FileChange? IgnoreEntry()
    {
        if (!Path.Exists(Path.Combine(projectFolder, ".git")))
        {
            return null;
        }

        var path = Path.Combine(projectFolder, ".gitignore");
        var before = File.Exists(path) ? File.ReadAllBytes(path) : null;
        var text = before is null ? "" : Encoding.UTF8.GetString(before);
        var lines = text.Split('\n', StringSplitOptions.TrimEntries);
        if (lines.Any(line => line is Ignored or "/" + Ignored or ".claude/" or "/.claude/" or ".claude" or "/.claude" or "settings.local.json" or "**/settings.local.json"))
        {
            return null;
        }

        var line = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var gap = text.Length == 0 || text.EndsWith('\n') ? "" : line;
        return new FileChange(path, before, [.. before ?? [], .. Encoding.UTF8.GetBytes(gap + Ignored + line)], IsPrivate: false);
    }
}
