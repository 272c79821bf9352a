using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>
/// Every recorded answer with a proof (a signature, sealed reasoning, thinking that its vendor wants back), told to clients of the other formats and
/// brought back by them: the provider must find its own proofs again, byte for byte and where it put them.
/// </summary>
public sealed class ReplayedTurnTests(TurnGateway gateway) : IClassFixture<TurnGateway>
{
    public static TheoryData<string> Groups => [.. TurnCases.Groups];

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task F07_TurnThatAClientOfAnotherFormatBringsBack_IsTheTurnThatTheProviderWrote(string group)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var wrong = new List<string>();
        foreach (var turn in TurnCases.Of(group))
        {
            foreach (var client in EchoClient.All.Where(c => turn.Clients.Contains(c.Wire)))
            {
                try
                {
                    await CheckAsync(turn, client);
                }
                catch (Exception e) when (e is Xunit.Sdk.XunitException or InvalidOperationException or System.Text.Json.JsonException)
                {
                    wrong.Add($"{turn}, {client.Wire}{(client.Forgets ? " that forgets" : "")}: {e.Message}");
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count}:\n" + string.Join("\n\n", wrong));
    }

    /// <summary>The rows above look at something: proofs of every format, streamed and whole, and recorded turns that followed.</summary>
    [Fact]
    public void Turns_AreOfEveryFormat_StreamedAndWhole()
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        foreach (var wire in Enum.GetValues<Wire>())
        {
            Assert.Equal([false, true], TurnCases.All.Where(t => t.Recorded.Wire == wire).Select(t => t.Recorded.IsStream).Distinct().Order());
        }

        Assert.True(TurnCases.All.Count >= 150, $"{TurnCases.All.Count} turns");
        Assert.True(TurnCases.All.Count(t => t.Replayed.Count > 0) >= 14, "too few recorded turns that followed");
    }

    private async Task CheckAsync(TurnCase turn, EchoClient client)
    {
        var session = $"{turn.Model}-{client.Wire}-{client.Forgets}";
        var body = client.Ask(turn.Model, turn.Recorded.IsStream, turn.Tools);
        client.Follow(body, await gateway.SendAsync(client.Wire, turn, session, body));

        await gateway.SendAsync(client.Wire, turn, session, body);

        var sent = Marks.Of(turn.Recorded.Wire, Marks.Sent(turn.Recorded.Wire, gateway.LastSent(turn)), turn.Dialect);
        var expected = sent.Count < turn.Written.Count ? turn.WithoutTheLast(client) : turn.Written;
        Assert.True(expected.SequenceEqual(sent), $"the provider wrote\n{Shown(expected, sent)}\nand is sent\n{Shown(sent, expected)}");
        Assert.Equal(turn.Replayed.Where(expected.Contains), sent.Where(turn.Replayed.Contains));
    }

    // Proofs have thousands of letters.
    private static string Shown(List<string> lines, List<string> others) =>
        string.Join('\n', lines.Select(l => (others.Contains(l) ? "    = " : "    ! ") + (l.Length > 160 ? $"{l[..110]} ({l.Length}) {l[^40..]}" : l).ReplaceLineEndings(" ")));
}
