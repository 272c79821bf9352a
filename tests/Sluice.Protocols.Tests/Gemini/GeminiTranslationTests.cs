using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Every recorded stream of every format for a Gemini client, and every recorded Gemini stream for every client.</summary>
public sealed class GeminiTranslationTests
{
    private static readonly (WireProtocol Protocol, string Api)[] Formats =
        [(WireProtocol.AnthropicMessages, "anthropic-messages"), (WireProtocol.OpenAIChat, "openai-chat"), (WireProtocol.OpenAIResponses, "openai-responses"), (WireProtocol.Gemini, "gemini")];

    public static TheoryData<WireProtocol, string> Streams()
    {
        var data = new TheoryData<WireProtocol, string>();
        foreach (var (protocol, api) in Formats)
        {
            foreach (var recording in SharedData.Recordings(api).Where(r => r.Stream() is not null))
            {
                data.Add(protocol, recording.Folder);
            }
        }

        if (!SharedData.Exists)
        {
            data.Add(WireProtocol.Gemini, "missing");
        }

        return data;
    }

    public static TheoryData<string> GeminiStreams() => GeminiTestKit.Folders("gemini", r => r.Stream() is not null);

    [Theory]
    [MemberData(nameof(Streams))]
    public void AnyStream_ForGeminiClient_IsLegalAndKeepsItsMeaning(WireProtocol protocol, string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var recording = new Recording(folder);
        var dialect = protocol == WireProtocol.OpenAIChat ? ChatTestKit.DialectOf(recording) : ChatDialect.Generic;
        var events = GeminiTestKit.ReadStream(WireFormats.Upstream(protocol).CreateStreamReader(dialect), recording.Stream()!);
        if (events[^1] is StreamEvent.Failed)
        {
            Assert.NotEqual(WireProtocol.Gemini, protocol);
            return;
        }

        var expected = ChatTestKit.Collect(events);
        var written = GeminiTestKit.WriteStream(events);
        Assert.Null(GeminiTestKit.Grammar(written));
        var actual = GeminiTestKit.Read(GeminiTestKit.Chunks(written, stream: true));
        Assert.Equal(expected.Text + expected.Refusal, actual.Text);
        Assert.Equal(expected.Thinking, actual.Thinking);
        Assert.Equal(expected.Calls.Select(c => c.Name), actual.Calls.Select(c => c.Name));
        Assert.Equal(expected.Calls.Select(c => c.Arguments).Where(a => a.StartsWith('{')), actual.Calls.Select(c => c.Arguments).Where((_, i) => expected.Calls[i].Arguments.StartsWith('{')));
        Assert.Equal(expected.Finish switch { "MaxTokens" or "ContextFull" => "MAX_TOKENS", "Refusal" => "SAFETY", _ => "STOP" }, actual.Finish);
        if (events.OfType<StreamEvent.UsageReported>().LastOrDefault() is { Usage: { IsReported: true } usage })
        {
            Assert.Equal(usage.TotalInput + usage.TotalOutput, actual.Usage!.Value.GetProperty("totalTokenCount").GetInt64());
        }
    }

    [Theory]
    [MemberData(nameof(GeminiStreams))]
    public void GeminiStream_ForEveryClient_IsLegal(string folder)
    {
        GeminiTestKit.SkipWithoutData();
        var events = GeminiTestKit.ReadStream(new Recording(folder).Stream()!);
        var expected = ChatTestKit.Collect(events);
        foreach (var (protocol, _) in Formats.Where(f => f.Protocol != WireProtocol.Gemini))
        {
            var format = WireFormats.Client(protocol);
            var written = GeminiTestKit.WriteStream(format, events);
            var grammar = format.CreateGrammar();
            foreach (var (name, data, raw) in SseSplitter.Split(written))
            {
                Assert.Null(grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)));
            }

            Assert.Null(grammar.Complete());

            // Read again as an upstream's stream of that format: the meaning has come through.
            var again = ChatTestKit.Collect(GeminiTestKit.ReadStream(WireFormats.Upstream(protocol).CreateStreamReader(ChatDialect.Generic), written));
            Assert.Equal(expected.Text, again.Text + again.Refusal);
            Assert.Equal(expected.Calls, again.Calls);
            Assert.Equal(expected.Thinking, again.Thinking);
        }
    }
}
