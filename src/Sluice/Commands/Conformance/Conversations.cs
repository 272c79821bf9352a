using System.Text.Json;
using Sluice.Commands.Talking;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols;

namespace Sluice.Commands.Conformance;

/// <summary>What a conversation may lean on beside its talk.</summary>
/// <param name="LongTokens">Tokens of the long prompt.</param>
/// <param name="SettledAsync">A request's row of the ledger once it is settled; null where it is not, or the ledger cannot be read.</param>
internal sealed record Setting(int LongTokens, Func<string, CancellationToken, Task<JsonElement?>> SettledAsync);

/// <summary>The built-in conversations, by the name of what they try. Each question holds the words that its answer is looked through for, so that the simulator's echo passes too.</summary>
internal static class Conversations
{
    public static readonly IReadOnlyList<(string Feature, Func<Talk, Setting, CancellationToken, Task<Verdict>> RunAsync)> All =
    [
        ("plain", PlainAsync),
        ("stream", StreamAsync),
        ("parallel-tools", ToolConversations.ParallelAsync),
        ("no-argument-tool", ToolConversations.NoArgumentAsync),
        ("thinking", ToolConversations.ThinkingAsync),
        ("image", (talk, _, cancellation) => LooksAtAsync(talk, new ImagePart(Samples.RedPng), "Which colour fills this picture, red or green? Answer with one word.", "red", cancellation)),
        ("pdf", (talk, _, cancellation) => LooksAtAsync(talk, new DocumentPart(Samples.HeronPdf) { Title = "bird.pdf" }, "Which bird does the document name, a heron or a falcon? Answer with one word.", "heron", cancellation)),
        ("structured-output", StructuredAsync),
        ("stop-sequence", StopAsync),
        ("long-context", LongAsync),
        ("abort", AbortAsync),
        ("count-tokens", CountAsync),
        ("unknown-model", UnknownModelAsync),
    ];

    /// <summary>Passed where the text holds <paramref name="word"/>.</summary>
    public static Verdict Holds(Reply reply, string word) =>
        reply.Fault ?? (reply.Text.Contains(word, StringComparison.OrdinalIgnoreCase) ? Verdict.Passed : Verdict.Failed($"The answer does not hold '{word}': {Short(reply.Text)}"));

    public static string Short(string text) => text.Length == 0 ? "it has no text" : text.ReplaceLineEndings(" ") is { Length: > 80 } longer ? longer[..80] + "…" : text.ReplaceLineEndings(" ");

    private static async Task<Verdict> PlainAsync(Talk talk, Setting setting, CancellationToken cancellation) =>
        Holds(await talk.AskAsync(Turns.Ask(new TextPart("Answer with this one word: heron")), cancellation), "heron");

    private static async Task<Verdict> StreamAsync(Talk talk, Setting setting, CancellationToken cancellation) =>
        Holds(await talk.StreamAsync(Turns.Ask(new TextPart("Answer with this one word: heron")), leaveEarly: false, cancellation), "heron");

    private static async Task<Verdict> LooksAtAsync(Talk talk, ContentPart shown, string question, string word, CancellationToken cancellation) =>
        Holds(await talk.AskAsync(Turns.Ask(shown, new TextPart(question)), cancellation), word);

    private static async Task<Verdict> StructuredAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        var reply = await talk.AskAsync(
            Turns.Ask(new TextPart("Name the capital of Austria.")) with { ResponseFormat = new ResponseFormat(ResponseFormatKind.JsonSchema) { Name = "place", Strict = true, Schema = Samples.CitySchema } },
            cancellation);
        if (reply.Fault is { } fault)
        {
            return fault;
        }

        try
        {
            using var document = JsonDocument.Parse(reply.Text);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("city", out var city) && city.ValueKind == JsonValueKind.String
                ? Verdict.Passed
                : Verdict.Failed("The answer does not follow the schema: " + Short(reply.Text));
        }
        catch (JsonException)
        {
            return Verdict.Failed("The answer is not JSON: " + Short(reply.Text));
        }
    }

    private static async Task<Verdict> StopAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        // The stop text must not stand in the question: an echo would seem not to stop.
        var reply = await talk.AskAsync(Turns.Ask(new TextPart("Write the numbers from 1 to 9 in digits, one space between them.")) with { StopSequences = ["7"] }, cancellation);
        return reply.Fault ?? (reply.Text.Contains('7', StringComparison.Ordinal) ? Verdict.Failed("The answer goes on behind the stop text: " + Short(reply.Text)) : Verdict.Passed);
    }

    private static async Task<Verdict> LongAsync(Talk talk, Setting setting, CancellationToken cancellation) =>
        Holds(await talk.AskAsync(Turns.Ask(new TextPart(Samples.Haystack(setting.LongTokens, "The word to remember is cormorant.") + "Which word is to be remembered? Answer with one word.")), cancellation), "cormorant");

    private static async Task<Verdict> AbortAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        var reply = await talk.StreamAsync(
            Turns.Ask(new TextPart("Repeat all of this text, word for word:\n" + Samples.Haystack(8000, "The middle is here."))) with { MaxOutputTokens = 8192 }, leaveEarly: true, cancellation);
        if (reply.Fault is { } fault)
        {
            return fault;
        }

        if (reply.RequestId is not { } id || await setting.SettledAsync(id, cancellation) is not { } row)
        {
            return Verdict.Failed("The ledger does not say how the request ended.");
        }

        var outcome = Output.Text(Output.List(row, "attempts")[^1], "outcome");
        return outcome == "client_gone" ? Verdict.Passed : Verdict.Failed($"The client left in the middle, and the ledger says '{outcome}' instead of 'client_gone'.");
    }

    private static async Task<Verdict> CountAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        var (tokens, fault) = await talk.CountAsync(Turns.Ask(new TextPart("How many tokens are these?")), cancellation);
        return fault ?? (tokens is > 0 and < 1000 ? Verdict.Passed : Verdict.Failed($"{tokens} tokens cannot be."));
    }

    private static async Task<Verdict> UnknownModelAsync(Talk talk, Setting setting, CancellationToken cancellation)
    {
        var (status, error, isJson) = await talk.MisaskAsync(Turns.Ask(new TextPart("Hello.")), "no-such-model-anywhere", cancellation);
        return status != 404 ? Verdict.Failed($"A model that nobody has is answered with {status} instead of 404.")
            : !isJson || error.Kind != ErrorKind.ModelNotFound ? Verdict.Failed("The error has not the shape of the client's format: " + Short(error.Message))
            : Verdict.Passed;
    }
}
