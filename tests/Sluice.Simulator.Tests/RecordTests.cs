using System.Net;
using System.Text;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.Simulator.Tests;

public sealed class RecordTests
{
    [Fact]
    public async Task Record_OfARequest_KeepsOrderSpellingAndBytes()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        var body = "{ \"model\" : \"sim/echo\",\"max_tokens\":5, \"messages\":[{\"role\":\"user\",\"content\":\"\\u0041é\"}]}";
        await Caller.RawAsync(host, "/v1/messages?beta=true", body, "X-Zeta: 1\r\nauthorization: Bearer sk-1\r\nAccept: */*\r\nX-Zeta: 2\r\n");
        var request = host.Record.Last;
        Assert.Equal(["Host", "Connection", "Content-Type", "X-Zeta", "authorization", "Accept", "X-Zeta", "Content-Length"], request.Headers.Select(h => h.Key));
        Assert.Equal(["1", "2"], request.Headers.Where(h => h.Key == "X-Zeta").Select(h => h.Value));
        Assert.Equal(Encoding.UTF8.GetBytes(body), request.Body);
        Assert.Equal(("POST", "/v1/messages", "?beta=true", "sk-1", "sim/echo"), (request.Method, request.Path, request.Query, request.Credential, request.Model));
        Assert.Equal((200, AnswerEnd.Completed), (request.Status, request.End));
        Assert.True(request.BytesSent > 0);
        Assert.True(request.Usage!.Output > 0);
    }

    [Fact]
    public async Task Record_OnAKeptConnection_SeesEachHeadAlone()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        using var client = new HttpClient();
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, "/v1/messages")) { Content = new StringContent(Caller.Messages("sim/echo", "x")) };
            request.Headers.Add("x-turn", i.ToString(System.Globalization.CultureInfo.InvariantCulture));

            // The second body comes in chunks, whose end the server consumes too.
            request.Headers.TransferEncodingChunked = i == 1;
            using var answer = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(["0", "1", "2"], host.Record.Requests.Select(r => r.Headers.Single(h => h.Key == "x-turn").Value));
        Assert.All(host.Record.Requests, r => Assert.NotEqual("", r.Header("host")));
    }

    [Fact]
    public async Task Client_LeavingAStream_IsSeenWithin100Ms()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        using var socket = await Caller.SendRawAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x", stream: true), "x-sim-fault: stall;at=start\r\n");
        var request = await host.Record.WaitForAsync(r => r.BytesSent > 0 || r.Fault is not null, Caller.Patience);
        var left = DateTimeOffset.UtcNow;
        socket.Close();
        await host.Record.WaitForAsync(r => r.End == AnswerEnd.ClientGone, Caller.Patience);
        Assert.InRange(request.ClientGoneAt!.Value - left, TimeSpan.FromMilliseconds(-20), TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task Record_BeyondItsBounds_ForgetsTheOldest()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { MaxRecords = 3, MaxRecordedBodyBytes = 250 });
        for (var i = 0; i < 5; i++)
        {
            await Caller.JsonAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"));
        }

        Assert.Equal(5, host.Record.Count);
        Assert.Equal([3L, 4L, 5L], host.Record.Requests.Select(r => r.Number));
        Assert.Equal([false, true, true], host.Record.Requests.Select(r => r.Body is not null));
    }

    [Fact]
    public async Task WaitFor_WithoutSuchARequest_SaysWhatCame()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        await Caller.JsonAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"));
        var late = await Assert.ThrowsAsync<TimeoutException>(() => host.Record.WaitForAsync(_ => false, TimeSpan.FromMilliseconds(10)));
        Assert.Contains("POST /v1/messages -> 200", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_WithChunkLengths_SendsExactlyThoseWrites()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        var body = Encoding.UTF8.GetBytes("event: x\ndata: {\"ü\":\"🙂\"}  \n\n: noise\r\n\r\ndata: [DONE]\n\n");
        host.Script.Replay(new ReplayAnswer { Body = body, ChunkLengths = [1, 18, 2, 3], Headers = [new("request-id", "r-1"), new("Transfer-Encoding", "chunked")] }, model: "m", times: 1);
        var (bytes, reset) = await Caller.RawAsync(host, "/v1/messages", Caller.Messages("m", "x", stream: true));
        Assert.False(reset);
        var (head, chunks) = Chunks(bytes);
        Assert.Equal([1, 18, 2, 3, body.Length - 24], chunks.Select(c => c.Length));
        Assert.Equal(body, chunks.SelectMany(c => c));
        Assert.Contains("request-id: r-1", head, StringComparison.OrdinalIgnoreCase);

        // Once only, and no other model.
        var again = await Caller.JsonAsync(host, "/v1/messages", Caller.Messages("m", "x"));
        Assert.Equal("message", again.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Replay_OfRealRecordings_IsByteExact()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        var replayed = 0;
        foreach (var recording in SharedData.Recordings("anthropic-messages").Concat(SharedData.Recordings("openai-chat")))
        {
            if (recording.Stream() is not { Length: > 0 and < 200_000 } stream || recording.Meta().GetProperty("network_chunk_lengths") is not { ValueKind: JsonValueKind.Array } lengths)
            {
                continue;
            }

            host.Script.Replay(new ReplayAnswer { Body = stream, ChunkLengths = [.. lengths.EnumerateArray().Select(l => l.GetInt32())] }, times: 1);
            var (bytes, _) = await Caller.RawAsync(host, "/v1/messages", Caller.Messages("m", "x", stream: true));
            Assert.Equal(stream, Chunks(bytes).Bodies.SelectMany(c => c));
            replayed++;
        }

        Assert.True(replayed > 0);
    }

    [Fact]
    public async Task PreparedAnswers_SecondRequest_GetsTheFirstOnesBytes()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { PreparedAnswers = true, Speed = SimulatorSpeed.Burst });
        using var first = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/burst/200", "a", stream: true));
        using var second = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/burst/200", "quite another", stream: true));
        var bytes = await first.Content.ReadAsByteArrayAsync();
        Assert.Equal(bytes, await second.Content.ReadAsByteArrayAsync());
        var events = SseEvent.Read(Encoding.UTF8.GetString(bytes));
        Assert.Equal(200, events.Count(e => e.Name == "content_block_delta"));
        AnthropicStreamCheck.Run(events);

        host.Script.Enqueue(Fault.Of(503));
        using var third = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/burst/200", "a", stream: true));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
    }

    [Fact]
    public async Task Credentials_NotAccepted_GetTheVendors401()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { AcceptedCredentials = ["right"] });
        using var wrong = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("m", "x"), "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Contains("authentication_error", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var right = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("m", "x"), "right");
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Fact]
    public async Task Control_WhenExposed_ScriptsAndTells()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { ExposeControl = true });
        using (var added = await Caller.PostAsync(host, "/_sim/faults", """{"fault":"429;retry-after=3","times":1}"""))
        {
            Assert.Equal(HttpStatusCode.OK, added.StatusCode);
        }

        using (var struck = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("m", "x")))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, struck.StatusCode);
        }

        var told = JsonDocument.Parse(await Caller.Http.GetStringAsync(new Uri(host.Address, "/_sim/requests"))).RootElement;
        var only = Assert.Single(told.EnumerateArray());
        Assert.Equal(429, only.GetProperty("status").GetInt32());
        Assert.Equal(Encoding.UTF8.GetBytes(Caller.Messages("m", "x")), only.GetProperty("body").GetBytesFromBase64());
        using var bad = await Caller.PostAsync(host, "/_sim/faults", """{"fault":"nonsense"}""");
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
    }

    [Fact]
    public async Task Control_WhenNotExposed_IsNotThere()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        using var answer = await Caller.Http.GetAsync(new Uri(host.Address, "/_sim/requests"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task ClaudeCode_CapturedTurns_CompleteTheToolLoop()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        var (first, second) = (Captured("base.001-anthropic.json"), Captured("base.002-anthropic.json"));
        using var turn1 = await Caller.PostAsync(host, "/v1/messages?beta=true", first);
        var call = AnthropicStreamCheck.Run(SseEvent.Read(await turn1.Content.ReadAsStringAsync()));
        Assert.Equal("tool_use", call.StopReason);
        Assert.Equal("""{"file_path":"/home/dev/project/notes.txt"}""", call.Blocks.Single().Text);
        using var turn2 = await Caller.PostAsync(host, "/v1/messages?beta=true", second);
        var answer = AnthropicStreamCheck.Run(SseEvent.Read(await turn2.Content.ReadAsStringAsync()));
        Assert.Equal("end_turn", answer.StopReason);
        Assert.Contains("MAGIC-7431", answer.Blocks.Single().Text, StringComparison.Ordinal);
        Assert.True(host.Record.Last.Usage!.CacheRead > 1024);
    }

    private static string Captured(string name)
    {
        using var capture = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("captures", "claude-code", name)));
        return capture.RootElement.GetProperty("body").GetRawText();
    }

    private static (string Head, IReadOnlyList<byte[]> Bodies) Chunks(byte[] raw)
    {
        var at = raw.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        var head = Encoding.ASCII.GetString(raw, 0, at);
        var chunks = new List<byte[]>();
        while (true)
        {
            var line = raw.AsSpan(at).IndexOf("\r\n"u8);
            var length = Convert.ToInt32(Encoding.ASCII.GetString(raw, at, line), 16);
            at += line + 2;
            if (length == 0)
            {
                return (head, chunks);
            }

            chunks.Add(raw[at..(at + length)]);
            at += length + 2;
        }
    }
}
