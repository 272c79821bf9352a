using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>A recorded answer that holds a proof, under a name by which its vendor's rules for models still know it.</summary>
/// <param name="Recorded">The exchange.</param>
/// <param name="Upstream">The provider's name of the model.</param>
/// <param name="Turn">The answer as its own clients keep it.</param>
internal sealed record TurnCase(RecordedCase Recorded, string Upstream, JsonArray Turn)
{
    public string Model => $"turn-{Recorded.Number}";

    /// <summary>The configuration's provider; clients of other formats ask Azure in Chat, so another one plays its Responses.</summary>
    public string Provider => Recorded is { Wire: Wire.Responses, Provider: "azure" } ? "openai" : Recorded.Provider;

    public string Dialect => Provider.StartsWith("chat-", StringComparison.Ordinal) ? Provider[5..] : "";

    /// <summary>What the provider wrote, and must get back in its order.</summary>
    public List<string> Written => Marks.Of(Recorded.Wire, Turn, Dialect);

    /// <summary>Clients whose requests are translated: Claude on Bedrock is asked in its own format by its own clients.</summary>
    public IEnumerable<Wire> Clients => Recorded.Others.Where(c => c != Wire.Messages || Recorded.Wire != Wire.Converse || !Upstream.Contains("claude", StringComparison.Ordinal));

    /// <summary>
    /// What a client may bring back less: a proof that is streamed behind the last text, where no vendor demands one. Messages clients show an answer's
    /// last block, which must be the text, and one that forgets made no call that the proof could be found by.
    /// </summary>
    public List<string> WithoutTheLast(EchoClient client)
    {
        if (!Recorded.IsStream || !(client.Wire == Wire.Messages || client is ChatEcho { Forgets: true }))
        {
            return Written;
        }

        return Written switch
        {
            [.., _, var last] when last.StartsWith("signed ", StringComparison.Ordinal) => Written[..^1],
            [_, var text] when client.Wire == Wire.Messages && text.StartsWith("text ", StringComparison.Ordinal) && ProofCameLast => [text],
            _ => Written,
        };
    }

    // OpenRouter may stream Google's signature as an entry of its own at the end: {"content":"","reasoning_details":[{"type":"reasoning.encrypted",…}]}
    private bool ProofCameLast => Recorded.Provider == "chat-openrouter"
        && Encoding.UTF8.GetString(Recorded.Body) is var stream
        && stream.LastIndexOf("\"reasoning.encrypted\"", StringComparison.Ordinal) > stream.Replace("\"content\":\"\"", "\"content_\":\"\"", StringComparison.Ordinal).LastIndexOf("\"content\":\"", StringComparison.Ordinal);

    /// <summary>What the recorded client sent back of this answer's proofs in the next recorded request; empty where there is none.</summary>
    public List<string> Replayed { get; init; } = [];

    public IReadOnlyList<string> Tools => [.. Written.Where(l => l.StartsWith("call ", StringComparison.Ordinal)).Select(l => l.Split(' ')[1]).Distinct(StringComparer.Ordinal)];

    public override string ToString() => Recorded.ToString();
}

internal static class TurnCases
{
    public static readonly IReadOnlyList<TurnCase> All = [.. RecordedCases.All.Where(c => c.Others.Any()).Select(Case).OfType<TurnCase>()];

    /// <summary>Rows of a theory: wire and vendor. One row that skips where the data is missing.</summary>
    public static IEnumerable<string> Groups => All.Count > 0 ? All.Select(GroupOf).Distinct(StringComparer.Ordinal) : [""];

    public static IEnumerable<TurnCase> Of(string group) => All.Where(c => GroupOf(c) == group);

    /// <summary>The configuration of all recordings, and the models of these.</summary>
    public static string Config(Uri simulator)
    {
        var config = new StringBuilder(RecordedCases.Config(simulator));
        foreach (var turn in All)
        {
            config.AppendLine(CultureInfo.InvariantCulture, $"  - {{ id: {turn.Model}, endpoints: [{{ provider: {turn.Provider}, model: \"{turn.Upstream}\", price: {{ input: 1, output: 2 }} }}] }}");
        }

        return config.ToString();
    }

    private static string GroupOf(TurnCase turn) => $"{turn.Recorded.Wire} {turn.Recorded.Recording.Folder.Split('/')[0]}";

    private static TurnCase? Case(RecordedCase recorded)
    {
        var expected = recorded.Expected;
        if (expected.Error || expected.Stop is null || expected.Stop == "refusal")
        {
            return null;
        }

        var body = recorded.IsFramed ? EventFrames.AsMessagesStream(recorded.Body) : recorded.Body;
        var model = ModelOf(recorded);
        var turn = new TurnCase(recorded, $"{model}-turn{recorded.Number}", Turns.Turn.Of(recorded.Wire, recorded.IsStream, body));
        return turn.Written.Exists(Marks.IsProof) ? turn with { Replayed = Replayed(turn) } : null;
    }

    // OpenRouter may have asked another model than was first named, which then made the proofs.
    private static string ModelOf(RecordedCase recorded) =>
        (recorded.Provider == "chat-openrouter" ? Turns.Turn.ModelOf(recorded.IsStream, recorded.Body) : null)
        ?? recorded.Recording.Meta().Text("model")
        ?? (recorded.Wire == Wire.Converse ? "anthropic.claude-sonnet-4-20250514-v1:0" : "unknown");

    // The request that followed in the same recorded conversation, if its client brought the proofs.
    private static List<string> Replayed(TurnCase turn)
    {
        var proofs = turn.Written.Where(Marks.IsProof).ToHashSet(StringComparer.Ordinal);
        var folder = turn.Recorded.Recording.Folder;
        var stem = folder[..folder.LastIndexOf("--", StringComparison.Ordinal)];
        return RecordedCases.All
            .Where(c => c.Wire == turn.Recorded.Wire && c.Recording.Folder != folder && c.Recording.Folder.StartsWith(stem, StringComparison.Ordinal) && c.Recording.Request() is not null)
            .Select(c => Marks.Of(c.Wire, Marks.Sent(c.Wire, Turns.Turn.Parse(c.Recording.Request())), turn.Dialect).Where(proofs.Contains).ToList())
            .FirstOrDefault(l => l.Count > 0) ?? [];
    }
}
