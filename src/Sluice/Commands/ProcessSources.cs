using Sluice.Core.Configuration;

namespace Sluice.Commands;

/// <summary>The configuration's sources as this process sees them: flags, environment, <c>.env</c>, file.</summary>
internal static class ProcessSources
{
    /// <summary>Reads them; null stands for a flag that was not given.</summary>
    /// <exception cref="IOException">The working folder is gone.</exception>
    public static ConfigSources Read(string? config, string? urls = null, string? storage = null, string? data = null)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return ConfigFiles.Gather(config, Directory.GetCurrentDirectory(), environment) with
        {
            Urls = urls?.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Storage = storage,
            DataFolder = data,
        };
    }
}
