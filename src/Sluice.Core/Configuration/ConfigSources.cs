namespace Sluice.Core.Configuration;

/// <summary>Everything that a configuration is made of. Nothing else is read.</summary>
public sealed record ConfigSources
{
    /// <summary>Absolute path of the configuration file; null without one. Relative paths in the file start at its folder.</summary>
    public string? FilePath { get; init; }

    /// <summary>The file's text; null without one.</summary>
    public string? FileText { get; init; }

    /// <summary>The environment, <c>.env</c> already merged under it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary><c>--urls</c>; null where not given.</summary>
    public IReadOnlyList<string>? Urls { get; init; }

    /// <summary><c>--storage</c>; null where not given.</summary>
    public string? Storage { get; init; }

    /// <summary><c>--data</c>; null where not given.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The working folder, absolute: where relative paths outside the file start.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>Reads a <c>${file:…}</c> target by absolute path; null where it cannot be read. Also given the configuration file's own path by the watcher.</summary>
    public Func<string, string?> ReadFile { get; init; } = static _ => null;
}
