using System.Text.RegularExpressions;
using Xunit;

namespace Sluice.Architecture.Tests;

/// <summary>
/// A wire format is one folder and one registration. Code elsewhere that names a format, its value or one of its classes is code that the next
/// format will not find: what is special about a format is a member of <c>IUpstreamFormat</c> or <c>IClientFormat</c>, which it overrides.
/// </summary>
public sealed partial class FormatTests
{
    private const string Protocols = "src/Sluice.Protocols/";

    // What is named is "Folder.Class", or "Folder.WireProtocol" for the format's value.
    private static readonly Allowed[] Allowed =
    [
        new("src/Sluice.Protocols/Formats/WireFormats.cs", "*", "the registration"),
        new("src/Sluice.Upstreams/Kinds/*Kind.cs", "*", "a kind's file says which wires its provider speaks"),
        new("src/*.cs", "OpenAIChat.ChatDialect", "which of the many Chat servers stands behind an address is configuration, handed to every format"),
        new("src/Sluice.Server/Attempts/ReasoningReplays.cs", "OpenAIChat.ReasoningReplay", "a member of the dialect"),
        new("src/Sluice.Upstreams/Kinds/ProviderKinds.cs", "Anthropic.*", "some kinds host Claude, with a body of their own"),
        new("src/Sluice.Server/Attempts/UpstreamBody.cs", "Anthropic.*", "Claude's body on such a host is made from bytes that were written or came native"),
        new("src/Sluice.Server/Surfaces/Models/ModelsApi.cs", "*.WireProtocol", "lists of models are made of the catalogue, which formats do not know; a format without a list gets OpenAI's"),
        new("src/Sluice.Server/Routing/RoutingRequests.cs", "OpenAIChat.WireProtocol", "OpenRouter, which reads a body's preferences itself, is asked in Chat alone"),
        new("src/Sluice.Server/Relay/RememberedReader.cs", "OpenAIChat.WireProtocol", "thinking without a proof counts as Chat's, whose servers send none"),
        new("src/Sluice.Protocols/Conversation/StreamEvent.cs", "Anthropic.WireProtocol", "redacted thinking is Anthropic's own block where its reader does not say otherwise"),
        new("src/Sluice.Protocols/Schemas/OpenApiSchema.cs", "Gemini.GeminiJson", "the schema language that Gemini reads, spelled in both of its ways"),
        new("src/Sluice/Commands/Talking/Talk.cs", "OpenAIChat.WireProtocol", "a client that speaks Chat has to choose a dialect"),
        new("src/Sluice.Protocols/WebSearch/*.cs", "*", "the one tool of vendors' own that nearly all have: one place reads and writes it in each one's words"),
        new("src/Sluice.Protocols/Formats/CarriedDetails.cs", "OpenAIChat.WireProtocol", "OpenRouter's details are a member of Chat alone"),

        // Between formats.
        new("src/Sluice.Protocols/Anthropic/AnthropicSearchBlocks.cs", "OpenAIResponses.WireProtocol", "a search that one vendor made, told in the other's blocks"),
        new("src/Sluice.Protocols/OpenAIResponses/AnthropicSearchItems.cs", "Anthropic.WireProtocol", "the same the other way"),
        new("src/Sluice.Protocols/Anthropic/AnthropicStreamWriter.cs", "OpenAIChat.WireProtocol", "a citation whose reader names no format counts as Chat's"),
        new("src/Sluice.Protocols/BedrockConverse/*.cs", "Anthropic.*", "Converse serves Claude, whose proofs, ids, schemas and thinking rules are Anthropic's there too"),
        new("src/Sluice.Protocols/BedrockConverse/ConverseTurns.cs", "OpenAIChat.WireProtocol", "OpenRouter's details hold Claude's own proofs"),
        new("src/Sluice.Protocols/OpenAIChat/*.cs", "Anthropic.WireProtocol", "OpenRouter's reasoning_details hold Claude's own proofs"),
        new("src/Sluice.Protocols/OpenAIChat/*.cs", "OpenAIResponses.WireProtocol", "one vendor's effort words and strict mode"),
        new("src/Sluice.Protocols/OpenAIResponses/*.cs", "OpenAIChat.*", "one vendor's errors, ids, models and effort words"),
        new("src/Sluice.Protocols/OpenAICompletions/*.cs", "OpenAIChat.*", "Chat's older form: the same members, errors and usage around another body"),
        new("src/Sluice.Protocols/Gemini/GeminiErrors.cs", "OpenAIChat.OpenAIChatErrors", "a page or a gateway's error in front of Google is read as everywhere"),
    ];

    [Fact]
    public void Format_NamedOutsideItsFolder_HasAReason() => Verdict.None(Architecture.Tests.Allowed.Faults([.. Mentions()], Allowed));

    [Fact]
    public void Formats_AllOfThem_AreFound() =>
        Assert.Equal(["Anthropic", "BedrockConverse", "Gemini", "OpenAIChat", "OpenAICompletions", "OpenAIResponses"], Formats().Select(format => format.Folder));

    private static IEnumerable<Mention> Mentions()
    {
        var formats = Formats().ToList();
        foreach (var (path, text) in Tree.Texts("src/*.cs"))
        {
            var code = Comment().Replace(text, "");
            foreach (var format in formats.Where(f => !path.StartsWith(Protocols + f.Folder + "/", StringComparison.Ordinal)))
            {
                foreach (var name in format.NamesIn(code))
                {
                    yield return new Mention(path, $"{format.Folder}.{name}");
                }
            }
        }
    }

    // A folder with a class that says which protocol it is.
    private static IEnumerable<Format> Formats() =>
        from file in Tree.Texts(Protocols + "*Format.cs")
        let value = Value().Match(file.Text)
        where value.Success
        let folder = file.Path[Protocols.Length..].Split('/')[0]
        let types = Tree.Texts(Protocols + folder + "/*.cs").SelectMany(f => Type().Matches(f.Text)).Select(m => m.Groups["name"].Value)
        orderby folder
        select new Format(folder, value.Groups["name"].Value, [.. types]);

    [GeneratedRegex(@"//.*", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"WireProtocol Protocol => WireProtocol\.(?<name>\w+);", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Value();

    [GeneratedRegex(@"^(?:public|internal) [\w ]*\b(?:class|struct|interface|enum|record) (?<name>\w+)", RegexOptions.CultureInvariant | RegexOptions.Multiline, 5000)]
    private static partial Regex Type();

    [GeneratedRegex(@"\w+", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Word();

    private sealed record Format(string Folder, string Protocol, HashSet<string> Types)
    {
        // Other folders have classes of the same names: one is this format's where its namespace is open or stands before it.
        public IEnumerable<string> NamesIn(string code)
        {
            if (Regex.IsMatch(code, $@"\bWireProtocol\.{Protocol}\b", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5)))
            {
                yield return "WireProtocol";
            }

            if (code.Contains($"Sluice.Protocols.{Folder};", StringComparison.Ordinal) || Regex.IsMatch(code, $@"\b{Folder}\.[A-Z]", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5)))
            {
                foreach (var name in Word().Matches(code).Select(m => m.Value).Where(Types.Contains).Distinct())
                {
                    yield return name;
                }
            }
        }
    }
}
