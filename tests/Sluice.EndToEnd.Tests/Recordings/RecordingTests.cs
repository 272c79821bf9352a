using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Every recorded exchange once over real sockets through one real Sluice: to a client of the same format, and to those of the others.</summary>
public sealed class RecordingTests(RecordingGateway gateway) : IClassFixture<RecordingGateway>
{
    // Members that steer a gateway; no vendor's own API takes them.
    private static readonly string[] GatewayMembers =
        ["models", "fallbacks", "provider", "route", "transforms", "plugins", "session_id", "preset", "trace", "debug", "stop_server_tools_when", "usage"];

    public static TheoryData<string> Groups => [.. RecordedCases.Groups];

    [Theory]
    [MemberData(nameof(Groups))]
    public Task Recording_ToAClientOfItsFormat_IsTheRecordedBytes(string group) => ForEachAsync(group, async recorded =>
    {
        if (recorded.Native is not { } client)
        {
            return;
        }

        var request = RecordedCases.Request(recorded, recorded.SameModel);
        var wantsUsage = WantsUsage(request);

        var (status, body) = await gateway.SendAsync(client, recorded.SameModel, recorded.IsStream, request);

        if (recorded.IsFramed && !recorded.Expected.Error)
        {
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(Events(EventFrames.AsMessagesStream(recorded.Body)), Events(body));
        }
        else if (!recorded.IsStream && !recorded.Expected.Error)
        {
            Assert.Equal(Encoding.UTF8.GetString(recorded.Body), Encoding.UTF8.GetString(body));
            Assert.Equal(HttpStatusCode.OK, status);
        }
        else if (recorded.IsStream && NativeStreams.Expected(client, recorded.Body, wantsUsage) is { } expected)
        {
            Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(body));
            Assert.Equal(HttpStatusCode.OK, status);
        }
        else
        {
            AssertEndsInError(client, status, body);
        }

        AssertSent(recorded, request, recorded.SameModel, wantsUsage);
    });

    [Theory]
    [MemberData(nameof(Groups))]
    public Task Request_ForAModelOfAnotherName_ReachesTheUpstreamWithOnlyItsNameReplaced(string group) => ForEachAsync(group, async recorded =>
    {
        if (recorded.Native is { } client)
        {
            var request = RecordedCases.Request(recorded, recorded.OtherModel);
            await gateway.SendAsync(client, recorded.OtherModel, recorded.IsStream, request);
            AssertSent(recorded, request, recorded.OtherModel, WantsUsage(request));
        }
    });

    [Theory]
    [MemberData(nameof(Groups))]
    public Task Recording_ToClientsOfOtherFormats_KeepsItsMeaning(string group) => ForEachAsync(group, async recorded =>
    {
        foreach (var client in recorded.Others)
        {
            var expected = recorded.Expected;
            var (status, body) = await gateway.SendAsync(client, recorded.TranslatedModel, recorded.IsStream, RecordedCases.Small(client, recorded.TranslatedModel, recorded.IsStream));
            try
            {
                if (expected.Error || expected.Stop is null)
                {
                    AssertEndsInError(client, status, body);
                    continue;
                }

                Assert.True(status == HttpStatusCode.OK, Encoding.UTF8.GetString(body));
                if (recorded.IsStream)
                {
                    AssertLegal(client, body);
                }

                AssertSame(expected, Wires.Read(client, recorded.IsStream, body));
            }
            catch (Xunit.Sdk.XunitException e)
            {
                throw new InvalidOperationException($"to a {client} client: {e.Message}", e);
            }
        }
    });

    /// <summary>Google's clients that do not ask for events get the chunks as the elements of a JSON array.</summary>
    [Fact]
    public async Task GeminiStream_AsAJsonArray_HasTheRecordedChunks()
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        foreach (var recorded in RecordedCases.All.Where(c => c is { Wire: Wire.Gemini, IsStream: true }))
        {
            var (status, body) = await gateway.SendAsync($"/v1beta/models/{recorded.SameModel}:streamGenerateContent", RecordedCases.Request(recorded, recorded.SameModel));

            Assert.Equal(HttpStatusCode.OK, status);
            using var list = JsonDocument.Parse(body);
            Assert.Equal(SseSplitter.Split(recorded.Body).Where(e => e.Data.Length > 0).Select(e => Encoding.UTF8.GetString(e.Data)), list.RootElement.EnumerateArray().Select(c => c.GetRawText()));
        }
    }

    private static void AssertSame(Answer expected, Answer actual)
    {
        // A client must get some usage; where the vendor told none, the estimate is Sluice's own affair.
        if (expected.Input is null)
        {
            (expected, actual) = (expected with { CacheRead = null }, actual with { Input = null, CacheRead = null });
        }

        if (expected.Output is null)
        {
            actual = actual with { Output = null };
        }

        Assert.Equal(expected.ToString(), actual.ToString());
    }

    // Side by side, but one recording's requests one after another: each asks for models of its own, by which its upstream's request is found.
    private static async Task ForEachAsync(string group, Func<RecordedCase, Task> check)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(RecordedCases.Of(group), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (recorded, _) =>
        {
            try
            {
                await check(recorded);
            }
            catch (Exception e)
            {
                wrong.Enqueue($"{recorded}: {e.Message}");
            }
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count}:\n" + string.Join("\n\n", wrong));
    }

    private void AssertSent(RecordedCase recorded, byte[] request, string model, bool wantsUsage)
    {
        var sent = gateway.Simulator.Record.Requests.Last(r => r.Model == recorded.SameModel);
        var expected = model == recorded.SameModel || recorded.Wire == Wire.Gemini ? request : RecordedCases.WithModel(request, recorded.SameModel);
        using var document = JsonDocument.Parse(expected);

        // Mistral tells its usage unasked and refuses stream_options.
        var asksForUsage = recorded is { Wire: Wire.Chat, IsStream: true, Provider: not "chat-mistral" } && !wantsUsage;
        if (!asksForUsage && !recorded.IsHostedClaude && !document.RootElement.EnumerateObject().Any(IsGatewayMember))
        {
            Assert.True(expected.AsSpan().SequenceEqual(sent.Body), Encoding.UTF8.GetString(sent.Body!));
            return;
        }

        // Edited: every other member is the same, byte for byte and in its order.
        using var arrived = JsonDocument.Parse(sent.Body!);
        Assert.Equal(
            document.RootElement.EnumerateObject().Where(m => !IsGatewayMember(m) && !IsEdited(m)).Select(m => m.Name + m.Value.GetRawText()),
            arrived.RootElement.EnumerateObject().Where(m => !IsEdited(m)).Select(m => m.Name + m.Value.GetRawText()));
        Assert.Equal(asksForUsage, arrived.RootElement.TryGetProperty("stream_options", out var options) && options.Member("include_usage").ValueKind == JsonValueKind.True && !wantsUsage);
        Assert.Equal(recorded.IsHostedClaude, arrived.RootElement.Text("anthropic_version") is not null && !arrived.RootElement.TryGetProperty("model", out JsonElement _));

        bool IsGatewayMember(JsonProperty member) => recorded.Wire is Wire.Chat or Wire.Messages or Wire.Responses && GatewayMembers.Contains(member.Name);

        bool IsEdited(JsonProperty member) => (asksForUsage && member.Name == "stream_options")
            || (recorded.IsHostedClaude && member.Name is "model" or "stream" or "anthropic_version" or "anthropic_beta");
    }

    private static List<string> Events(byte[] stream) => [.. SseSplitter.Split(stream).Select(e => e.Event + " " + Encoding.UTF8.GetString(e.Data))];

    private static bool WantsUsage(byte[] request)
    {
        using var document = JsonDocument.Parse(request);
        return document.RootElement.Member("stream_options").Member("include_usage").ValueKind == JsonValueKind.True;
    }

    private static void AssertLegal(Wire client, byte[] stream)
    {
        var grammar = WireFormats.Of(client switch
        {
            Wire.Chat => WireProtocol.OpenAIChat,
            Wire.Responses => WireProtocol.OpenAIResponses,
            Wire.Gemini => WireProtocol.Gemini,
            _ => WireProtocol.AnthropicMessages,
        }).CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            var wrong = grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data));
            Assert.True(wrong is null, $"{wrong} at {Encoding.UTF8.GetString(raw)}");
        }

        Assert.Null(grammar.Complete());
    }

    private static void AssertEndsInError(Wire client, HttpStatusCode status, byte[] body)
    {
        var answer = status == HttpStatusCode.OK ? Wires.Read(client, stream: true, body).Error
            : JsonDocument.Parse(body).RootElement.Member("error").ValueKind == JsonValueKind.Object;
        Assert.True(answer, $"{status} {Encoding.UTF8.GetString(body)}");
    }
}
