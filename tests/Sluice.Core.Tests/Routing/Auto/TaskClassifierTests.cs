using System.Text.Json.Nodes;
using Sluice.Core.Routing.Auto;
using Sluice.Protocols;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Routing.Auto;

public sealed class TaskClassifierTests(ITestOutputHelper output)
{
    // Not all: to translate a sentence is taken for bulk, a compiler's message without any word of code for a question, and one tool for code.
    private const int Prompts = 73;
    private const int Right = 70;

    [Fact]
    public void Classify_PromptsOfEveryKind_IsRightAsOftenAsItSays()
    {
        var right = 0;
        var all = 0;
        foreach (var (task, role, protocol, body) in All())
        {
            var verdict = TaskBodies.Classify(protocol, body, role);
            all++;
            right += verdict.Task == task ? 1 : 0;
            if (verdict.Task != task)
            {
                output.WriteLine($"{task} taken for {verdict.Task} ({verdict.Why}): {body.ToJsonString()[..Math.Min(220, body.ToJsonString().Length)]}");
            }
        }

        output.WriteLine($"{right} of {all}");
        Assert.Equal(Prompts, all);
        Assert.Equal(Right, right);
    }

    // Claude Code's instructions for titles list all that a title may not say, and so speak of code: its role tells what it is.
    [Theory]
    [InlineData("claude-code", "base.001-anthropic.json", WireProtocol.AnthropicMessages, null, TaskKind.Code)]
    [InlineData("claude-code", "base.002-anthropic.json", WireProtocol.AnthropicMessages, null, TaskKind.Code)]
    [InlineData("claude-interactive", "base.002-anthropic.json", WireProtocol.AnthropicMessages, "background", TaskKind.Simple)]
    [InlineData("claude-interactive", "base.003-anthropic.json", WireProtocol.AnthropicMessages, null, TaskKind.Code)]
    [InlineData("codex", "base.001-responses.json", WireProtocol.OpenAIResponses, null, TaskKind.Code)]
    [InlineData("codex", "base.002-responses.json", WireProtocol.OpenAIResponses, null, TaskKind.Code)]
    [InlineData("gemini-cli", "base.002-gemini-stream.json", WireProtocol.Gemini, null, TaskKind.Code)]
    [InlineData("gemini-cli", "base.003-gemini-stream.json", WireProtocol.Gemini, null, TaskKind.Code)]
    public void D22_Classify_CallsOfRealAgents_WithTheRoleThatTheyHave(string client, string file, WireProtocol protocol, string? role, TaskKind task)
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        var capture = JsonNode.Parse(File.ReadAllBytes(SharedData.PathOf("captures", client, file)))!;
        Assert.Equal(task, TaskBodies.Classify(protocol, capture["body"]!.ToJsonString(), role).Task);
    }

    [Fact]
    public void Classify_TheSameWordsInEveryFormat_TellTheSame()
    {
        const string Words = "Prove that the sum of two odd numbers is even.";
        Assert.Equal(
            [new TaskVerdict(TaskKind.Hard, "\"prove\""), new TaskVerdict(TaskKind.Hard, "\"prove\""), new TaskVerdict(TaskKind.Hard, "\"prove\""), new TaskVerdict(TaskKind.Hard, "\"prove\"")],
            [
                TaskBodies.Classify(WireProtocol.OpenAIChat, TaskBodies.Chat(Words)),
                TaskBodies.Classify(WireProtocol.AnthropicMessages, TaskBodies.Chat(Words)),
                TaskBodies.Classify(WireProtocol.OpenAIResponses, TaskBodies.Responses(Words)),
                TaskBodies.Classify(WireProtocol.Gemini, TaskBodies.Gemini(Words)),
            ]);
    }

    [Fact]
    public void Classify_ALongHistory_GoesByWhatTheUserSaidLast()
    {
        var body = TaskBodies.Chat("Summarise the harbour log.");
        var turns = (JsonArray)body["messages"]!;
        for (var i = 0; i < 6; i++)
        {
            turns.Add(TaskBodies.Turn("assistant", "It was quiet. Prove it? No."));
            turns.Add(TaskBodies.Turn("user", i == 5 ? "Prove the lemma." : "And then?"));
        }

        Assert.Equal(new TaskVerdict(TaskKind.Hard, "\"prove\", \"lemma\""), TaskBodies.Classify(WireProtocol.OpenAIChat, body));
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[]}""")]
    [InlineData("""{"model":"m","messages":[7,"x",null,[],{}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":7,"content":{"text":["think hard"]}}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"\ud800 what?"}]}""")]
    public void Classify_BodiesThatSayNothing_AreSimple(string body) =>
        Assert.Equal(new TaskVerdict(TaskKind.Simple, "a short prompt"), TaskBodies.Classify(WireProtocol.OpenAIChat, body));

    [Fact]
    public void Classify_AVeryLongPrompt_ReadsSomeKilobytes()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var body = TaskBodies.Chat("Prove it. " + new string('x', 3_000_000));
        ReadOnlyMemory<byte> bytes = System.Text.Encoding.UTF8.GetBytes(body.ToJsonString());
        var envelope = Protocols.Native.EnvelopeScanner.Scan(WireProtocol.OpenAIChat, bytes).Envelope!;
        TaskClassifier.Classify(envelope, bytes.Span, null);
        before = GC.GetAllocatedBytesForCurrentThread();
        var verdict = TaskClassifier.Classify(envelope, bytes.Span, null);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 512);
        Assert.Equal(TaskKind.Bulk, verdict.Task);
    }

    private static IEnumerable<(TaskKind Task, string? Role, WireProtocol Protocol, JsonObject Body)> All() =>
        TaskPrompts.Chats.Select(prompt => (prompt.Task, (string?)null, WireProtocol.OpenAIChat, TaskBodies.Chat(prompt.Prompt))).Concat(TaskPrompts.Shapes);
}
