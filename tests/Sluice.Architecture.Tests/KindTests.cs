using System.Text.RegularExpressions;
using Xunit;

namespace Sluice.Architecture.Tests;

/// <summary>
/// A kind of provider is one file in <c>Kinds</c>, its row in <c>ProviderKinds</c> and its word in <c>ProviderKindNames</c>. Code elsewhere that asks for a
/// kind is code that the next kind will not find: what is special about a kind is a member of <c>IProviderKind</c>.
/// </summary>
public sealed partial class KindTests
{
    private const string Core = "src/Sluice.Core/Configuration/";

    private static readonly Allowed[] Allowed =
    [
        new(Core + "ProviderKindNames.cs", "*", "the words and addresses of the configuration file"),
        new(Core + "Reading/CloudReader.cs", "*", "reads the settings that only one kind has"),
        new(Core + "Reading/EnvironmentProviders.cs", "*", "which key in the environment means which provider"),
        new(Core + "Reading/ProvidersReader.cs", "OpenAI", "the addresses of dialects, all of one kind"),
        new(Core + "Dialects.cs", "*", "whose models a provider serves, and its dialect where nobody says it; read before there is a kind to ask"),
        new("src/Sluice.Core/Affinity/CacheLifetime.cs", "*", "how long each vendor keeps a prompt; decided where sessions are remembered, below the kinds' files"),
        new("src/Sluice.Core/Routing/Endpoints/*.cs", "*", "what an endpoint's wire takes and its provider is called, for requests that route by it; the planner has no kinds to ask"),
        new("src/Sluice.Core/Catalogue/CatalogueCompiler.cs", "Anthropic", "a gateway's catalogue spoken to in Anthropic's wire serves Claude alone"),
        new("src/Sluice.Core/Catalogue/TierOffers.cs", "*", "which wires have no member for a service tier, asked where the file is read"),
        new("src/Sluice/Commands/Drills/*.cs", "*", "dresses the simulator as each provider and has it break as that one does"),
        new("src/*.cs", "Simulator", "no provider but a part of Sluice: it is started, priced and named by it"),
    ];

    [Fact]
    public void Kind_NamedOutsideItsFile_HasAReason() => Verdict.None(Architecture.Tests.Allowed.Faults([.. Mentions()], Allowed));

    [Fact]
    public void Kinds_AllOfThem_HaveAFile() =>
        Assert.Equal(Names(Core + "ProviderKindNames.cs").Order(StringComparer.Ordinal), Tree.Files("src/Sluice.Upstreams/Kinds/*Kind.cs").SelectMany(Names).Order(StringComparer.Ordinal));

    // Two kinds' files may name one another only by mistake: each says its own.
    private static IEnumerable<Mention> Mentions() =>
        from path in Tree.Files("src/*.cs")
        where !(path.StartsWith("src/Sluice.Upstreams/Kinds/", StringComparison.Ordinal) && path.EndsWith("Kind.cs", StringComparison.Ordinal))
        from name in Names(path)
        select new Mention(path, name);

    private static IEnumerable<string> Names(string path) =>
        Kind().Matches(Comment().Replace(File.ReadAllText(Tree.FullPath(path)), "")).Select(match => match.Groups["name"].Value).Distinct();

    [GeneratedRegex(@"(?<!:)//.*", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\bProviderKind\.(?<name>[A-Z]\w+)", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Kind();
}
