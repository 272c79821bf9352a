using System.Diagnostics;
using Sluice.Commands.Talking;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Commands.Drills;

/// <summary>What became of one request, as its client saw it.</summary>
/// <param name="Client">The format's word, as <c>conformance --client</c> knows it.</param>
/// <param name="Model">As asked for.</param>
/// <param name="RequestId">For the ledger; null where no answer named one.</param>
/// <param name="Status">HTTP status; 0 where none came.</param>
/// <param name="Fault">Why it was no answer; null where it was a whole one.</param>
/// <param name="Elapsed">To the last byte.</param>
internal sealed record SeenAnswer(string Client, string Model, string? RequestId, int Status, string? Fault, TimeSpan Elapsed);

/// <summary>Agents at work: each model is asked by a client of each format, in sessions of their own, streamed, with tools; what an answer calls is answered in the next turn.</summary>
internal sealed class AgentTraffic(HttpClient http, string key)
{
    private const string Instructions = "You are a coding agent in a terminal. Use the tools that you have; say shortly what you did.";
    private const int TurnsOfASession = 3;
    private static readonly RawJson PathSchema = RawJson.FromText("""{"type":"object","properties":{"path":{"type":"string"}},"required":["path"],"additionalProperties":false}""");
    private static readonly IReadOnlyList<Tool> Tools =
    [
        new FunctionTool("list_files", "Lists the files of a folder.", PathSchema),
        new FunctionTool("read_file", "Reads one file.", PathSchema),
    ];

    /// <summary>Sends all of it, sessions side by side, the turns of a session one after another.</summary>
    public async Task<IReadOnlyList<SeenAnswer>> SendAsync(IEnumerable<string> models, CancellationToken cancellation)
    {
        var sessions = models.SelectMany(model => Talk.Formats.Select(format => ConverseAsync(format.Name, format.Protocol, model, cancellation)));
        var answers = await Task.WhenAll(sessions);
        return [.. answers.SelectMany(session => session)];
    }

    private async Task<List<SeenAnswer>> ConverseAsync(string client, WireProtocol format, string model, CancellationToken cancellation)
    {
        var talk = new Talk(http, key, format, model, $"drill-{Guid.NewGuid():N}", project: "drill");
        var question = Turns.Ask(new TextPart("List the files of this folder and read docs/index.md, in parallel 2 calls at once.")) with
        {
            System = [new TextPart(Instructions)],
            Tools = Tools,
        };
        var seen = new List<SeenAnswer>();
        for (var turn = 0; turn < TurnsOfASession; turn++)
        {
            var started = Stopwatch.GetTimestamp();
            var reply = await AskAsync(talk, question, cancellation);
            seen.Add(new SeenAnswer(client, model, reply.RequestId, reply.Status, reply.Fault?.Reason, Stopwatch.GetElapsedTime(started)));

            // An agent whose turn failed asks the same again; so does this one, in its next turn.
            question = reply.Answer is null ? question : Turns.Continue(question, reply);
        }

        return seen;
    }

    private static async Task<Reply> AskAsync(Talk talk, ConversationRequest question, CancellationToken cancellation)
    {
        try
        {
            return await talk.StreamAsync(question, leaveEarly: false, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return new Reply(null, null, Verdict.Failed("The connection broke: " + e.Message.ReplaceLineEndings(" ")));
        }
    }
}
