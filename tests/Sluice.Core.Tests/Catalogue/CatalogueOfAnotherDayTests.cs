using Sluice.Core.Catalogue;
using Sluice.Core.Tests.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Catalogue;

/// <summary>What names mean when the list of models is another than today's.</summary>
public sealed class CatalogueOfAnotherDayTests
{
    [Theory]
    [InlineData("~openai/gpt-latest")]
    [InlineData("openai/gpt-latest")]
    [InlineData("gpt-latest")]
    public void C8_NameOfAFamily_IsItsNewestModel_AndSwitchesWhenANewerOneComes(string name)
    {
        CatalogueEntry[] known = [Entry("openai/gpt-7", "2027-03-01"), Entry("openai/gpt-7.5", "2027-06-01"), Entry("openai/gpt-7-mini", "2027-09-01")];

        var before = Compile(known).Resolve(name)!;
        var after = Compile([.. known, Entry("openai/gpt-8", "2027-12-01")]).Resolve(name)!;

        Assert.Equal(("openai/gpt-7.5", "latest"), (before.Model.Id, before.How));
        Assert.Equal("gpt-7.5", Assert.Single(before.Endpoints).UpstreamModel);
        Assert.Equal("openai/gpt-8", after.Model.Id);
    }

    [Fact]
    public void C8_NewerModelThatNobodyServes_IsNotTheNewest()
    {
        var table = Compile([Entry("openai/gpt-7", "2027-03-01"), Entry("openai/gpt-8", "2027-12-01", host: "elsewhere")]);

        Assert.Equal("openai/gpt-7", table.Resolve("~openai/gpt-latest")!.Model.Id);
    }

    [Fact]
    public void C2_BareName_MeansItsModelWhileOneAuthorAloneUsesIt()
    {
        var one = Compile([Entry("openai/coder", "2027-03-01")]);
        var two = Compile([Entry("openai/coder", "2027-03-01"), Entry("acme/coder", "2027-03-01")]);

        Assert.Equal(("openai/coder", "bare name"), (one.Resolve("coder")!.Model.Id, one.Resolve("coder")!.How));
        Assert.Null(two.Resolve("coder"));
        Assert.Equal("openai/coder", two.Resolve("openai/coder")!.Model.Id);
        Assert.Equal("acme/coder", two.Resolve("acme/coder")!.Model.Id);
    }

    private static CatalogueEntry Entry(string id, string released, string host = "openai") => new()
    {
        Id = id,
        Released = DateOnly.Parse(released, System.Globalization.CultureInfo.InvariantCulture),
        At = new Dictionary<string, CatalogueHost>(StringComparer.Ordinal) { [host] = new(id[(id.IndexOf('/', StringComparison.Ordinal) + 1)..]) },
    };

    private static CompiledCatalogue Compile(IReadOnlyList<CatalogueEntry> entries) =>
        new CatalogueCompiler(Configs.Good(null, ("OPENAI_API_KEY", "o")).Providers, new CatalogueFile("2027-12-31", entries)).Compile([], [], out _);
}
