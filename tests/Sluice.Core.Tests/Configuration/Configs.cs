using Sluice.Core.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Configuration;

/// <summary>Sources without a disk.</summary>
internal static class Configs
{
    public static ConfigSources Sources(string? yaml, params (string Name, string Value)[] environment) => new()
    {
        BaseDirectory = "/srv/here",
        FilePath = yaml is null ? null : "/etc/sluice/sluice.yaml",
        FileText = yaml,
        Environment = environment.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal),
    };

    public static ConfigSnapshot Good(string? yaml, params (string Name, string Value)[] environment)
    {
        var result = ConfigLoader.Load(Sources(yaml, environment));
        Assert.Empty(result.Errors.Select(error => error.ToString()));
        return result.Snapshot!;
    }

    public static IReadOnlyList<string> Errors(string yaml, params (string Name, string Value)[] environment)
    {
        var result = ConfigLoader.Load(Sources(yaml, environment));
        Assert.Null(result.Snapshot);
        return [.. result.Errors.Select(error => error.ToString())];
    }
}
