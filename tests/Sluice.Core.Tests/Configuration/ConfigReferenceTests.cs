using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Configuration;

public sealed class ConfigReferenceTests
{
    [Fact]
    public void Page_InTheTree_SaysWhatTheLoaderChecks()
    {
        var path = Path.Combine(RepositoryRoot.Path, "docs", "configuration.md");
        if (Environment.GetEnvironmentVariable("SLUICE_ACCEPT") == "1")
        {
            File.WriteAllText(path, ConfigReference.Markdown());
        }

        Assert.Equal(ConfigReference.Markdown(), File.ReadAllText(path));
    }

    [Fact]
    public void JsonSchema_IsJsonAndClosed()
    {
        using var schema = JsonDocument.Parse(ConfigReference.JsonSchema());

        Assert.False(schema.RootElement.GetProperty("additionalProperties").GetBoolean());
        var kinds = schema.RootElement.GetProperty("properties").GetProperty("providers").GetProperty("items").GetProperty("properties").GetProperty("kind");
        Assert.Equal(9, kinds.GetProperty("anyOf")[0].GetProperty("enum").GetArrayLength());
    }
}
