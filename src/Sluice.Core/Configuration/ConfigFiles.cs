namespace Sluice.Core.Configuration;

/// <summary>Gathers the sources of a configuration from the disk.</summary>
public static class ConfigFiles
{
    /// <summary>A secret or certificate is far smaller; a larger target is the wrong file and must not fill memory.</summary>
    private const int LargestTarget = 1024 * 1024;

    /// <summary>Reads <paramref name="configPath"/> (or <c>sluice.yaml</c> of the working folder, where it exists) and <c>.env</c> of the working folder.</summary>
    /// <param name="configPath"><c>--config</c>; null where not given. A file that is named and missing is an error of the configuration, not an exception.</param>
    /// <param name="baseDirectory">The working folder, absolute.</param>
    /// <param name="environment">The process's environment.</param>
    public static ConfigSources Gather(string? configPath, string baseDirectory, IReadOnlyDictionary<string, string> environment)
    {
        var path = configPath is null ? Path.Combine(baseDirectory, "sluice.yaml") : Path.GetFullPath(configPath, baseDirectory);
        var text = ReadText(path);
        return new ConfigSources
        {
            BaseDirectory = baseDirectory,
            FilePath = configPath is null && !File.Exists(path) ? null : path,
            FileText = text,
            Environment = DotEnv.MergeUnder(environment, DotEnvOf(baseDirectory)),
            ReadFile = ReadTarget,
        };
    }

    /// <summary>The variables of <c>.env</c> in a folder; empty where there is none that can be read.</summary>
    public static IReadOnlyDictionary<string, string> DotEnvOf(string folder) =>
        ReadText(Path.Combine(folder, ".env")) is { } text ? DotEnv.Parse(text) : [];

    private static string? ReadTarget(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= LargestTarget } ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? ReadText(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
