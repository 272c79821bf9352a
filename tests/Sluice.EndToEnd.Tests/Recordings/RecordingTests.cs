using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Every recorded exchange once over real sockets through one real Sluice: to a client of the same format, and to one of the other.</summary>
public sealed class RecordingTests(RecordingTests.Gateway gateway) : IClassFixture<RecordingTests.Gateway>
{
    // Members that steer a gateway; no vendor's own API takes them.
    private static readonly string[] GatewayMembers =
        ["models", "fallbacks", "provider", "route", "transforms", "plugins", "session_id", "preset", "trace", "debug", "stop_server_tools_when", "usage"];

    public static TheoryData<string> Folders => [.. RecordedCases.Folders];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Recording_ToAClientOfItsFormat_IsTheRecordedBytes(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var recorded = RecordedCases.Of(folder);
        var request = RecordedCases.Request(recorded, recorded.SameModel);
        var wantsUsage = WantsUsage(request);

        var (status, body) = await gateway.SendAsync(recorded.IsChat, request);

        if (!recorded.IsStream && !recorded.Expected.Error)
        {
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(Encoding.UTF8.GetString(recorded.Body), Encoding.UTF8.GetString(body));
        }
        else if (recorded.IsStream && NativeStreams.Expected(recorded.IsChat, recorded.Body, wantsUsage) is { } expected)
        {
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(body));
        }
        else
        {
            AssertEndsInError(recorded.IsChat, status, body);
        }

        AssertSent(recorded, request, recorded.SameModel, wantsUsage);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Request_ForAModelOfAnotherName_ReachesTheUpstreamWithOnlyItsNameReplaced(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var recorded = RecordedCases.Of(folder);
        var request = RecordedCases.Request(recorded, recorded.OtherModel);

        await gateway.SendAsync(recorded.IsChat, request);

        AssertSent(recorded, request, recorded.OtherModel, WantsUsage(request));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Recording_ToAClientOfTheOtherFormat_KeepsItsMeaning(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var recorded = RecordedCases.Of(folder);
        var clientIsChat = !recorded.IsChat;
        var expected = recorded.Expected;

        var (status, body) = await gateway.SendAsync(clientIsChat, RecordedCases.Small(clientIsChat, recorded.SameModel, recorded.IsStream));

        if (expected.Error || expected.Stop is null)
        {
            AssertEndsInError(clientIsChat, status, body);
            return;
        }

        Assert.True(status == HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        if (recorded.IsStream)
        {
            AssertLegal(clientIsChat ? WireProtocol.OpenAIChat : WireProtocol.AnthropicMessages, body);
        }

        var actual = (clientIsChat, recorded.IsStream) switch
        {
            (true, true) => ChatAnswers.Stream(body),
            (true, false) => ChatAnswers.Whole(body),
            (false, true) => AnthropicAnswers.Stream(body),
            (false, false) => AnthropicAnswers.Whole(body),
        };

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

    private void AssertSent(RecordedCase recorded, byte[] request, string model, bool wantsUsage)
    {
        var sent = gateway.Simulator.Record.Last;
        var expected = model == recorded.SameModel ? request : RecordedCases.WithModel(request, recorded.SameModel);
        using var document = JsonDocument.Parse(expected);

        // Mistral tells its usage unasked and refuses stream_options.
        var asksForUsage = recorded.IsChat && recorded.IsStream && !wantsUsage && recorded.Dialect != "mistral";
        if (!asksForUsage && !document.RootElement.EnumerateObject().Any(IsGatewayMember))
        {
            Assert.True(expected.AsSpan().SequenceEqual(sent.Body), Encoding.UTF8.GetString(sent.Body!));
            return;
        }

        // Edited: every other member is the same, byte for byte and in its order.
        using var arrived = JsonDocument.Parse(sent.Body!);
        Assert.Equal(
            document.RootElement.EnumerateObject().Where(m => !IsGatewayMember(m) && !(asksForUsage && m.Name == "stream_options")).Select(m => m.Name + m.Value.GetRawText()),
            arrived.RootElement.EnumerateObject().Where(m => !(asksForUsage && m.Name == "stream_options")).Select(m => m.Name + m.Value.GetRawText()));
        Assert.Equal(asksForUsage, arrived.RootElement.TryGetProperty("stream_options", out var options) && options.Member("include_usage").ValueKind == JsonValueKind.True && !wantsUsage);

        bool IsGatewayMember(JsonProperty member) => GatewayMembers.Contains(member.Name);
    }

    private static bool WantsUsage(byte[] request)
    {
        using var document = JsonDocument.Parse(request);
        return document.RootElement.Member("stream_options").Member("include_usage").ValueKind == JsonValueKind.True;
    }

    private static void AssertLegal(WireProtocol protocol, byte[] stream)
    {
        var grammar = WireFormats.Of(protocol).CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            var wrong = grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data));
            Assert.True(wrong is null, $"{wrong} at {Encoding.UTF8.GetString(raw)}");
        }

        Assert.Null(grammar.Complete());
    }

    private static void AssertEndsInError(bool clientIsChat, HttpStatusCode status, byte[] body)
    {
        var isStream = status == HttpStatusCode.OK;
        var answer = (clientIsChat, isStream) switch
        {
            (true, true) => ChatAnswers.Stream(body),
            (true, false) => ChatAnswers.Whole(body),
            (false, true) => AnthropicAnswers.Stream(body),
            (false, false) => AnthropicAnswers.Whole(body),
        };
        Assert.True(answer.Error, $"{status} {Encoding.UTF8.GetString(body)}");
    }

    /// <summary>One Sluice and one simulator for all.</summary>
    public sealed class Gateway : IAsyncLifetime
    {
        private SluiceProcess? _sluice;
        private HttpClient? _client;

        public SimulatorHost Simulator { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Simulator = await SimulatorHost.StartAsync(new SimulatorOptions
            {
                Replay = RecordedCases.All.ToDictionary(c => c.SameModel, c => c.Replay(), StringComparer.Ordinal),
            });
            _sluice = await SluiceProcess.StartAsync(new SluiceOptions { Config = RecordedCases.Config(Simulator.Address) });
            _client = _sluice.CreateClient();
        }

        public async ValueTask DisposeAsync()
        {
            _client?.Dispose();
            if (_sluice is not null)
            {
                await _sluice.DisposeAsync();
            }

            await Simulator.DisposeAsync();
        }

        /// <summary>Posts a body; returns the whole answer.</summary>
        public async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(bool chat, byte[] body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, chat ? "/v1/chat/completions" : "/v1/messages") { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _client!.SendAsync(request);
            return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
        }
    }
}
