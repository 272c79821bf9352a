using Sluice.Core.Configuration;

namespace Sluice.Commands;

/// <summary>The configuration's sources as this process sees them: flags, environment, <c>.env</c>, file.</summary>
internal static class ProcessSources
{
    /// <summary>Reads them; null stands for a flag that was not given.</summary>
    /// <exception cref="IOException">The working folder is gone.</exception>
    public static ConfigSources Read(string? config, string? urls = null, string? storage = null, string? data = null)
    {
        return ConfigFiles.Gather(config, Directory.GetCurrentDirectory(), Environment()) with
        {
            Urls = urls?.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Storage = storage,
            DataFolder = data,
        };
    }

    /// <summary>The environment alone.</summary>
    public static Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return environment;
    }

    /// <summary><c>.env</c> of the working folder alone; empty where there is none that can be read.</summary>
    public static IReadOnlyDictionary<string, string> DotEnv()
    {
        try
        {
            return ConfigFiles.DotEnvOf(Directory.GetCurrentDirectory());
        }
        catch (IOException)
        {
            // The working folder is gone; flags may name everything all the same.
            return new Dictionary<string, string>(StringComparer.Ordinal);
        }
    }
}
