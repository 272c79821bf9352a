using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

public sealed class FaultTests : IAsyncLifetime
{
    private const string Tool = ""","tools":[{"name":"look","input_schema":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}}]""";
    private const string Text = "one two three four five";

    private SimulatorHost _host = null!;

    public static TheoryData<FaultKind> Kinds => [.. Enum.GetValues<FaultKind>()];

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>Every kind has a handler whose answer differs on the wire from the right one, in Messages and in Chat.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task EveryKind_OnTheWire_DiffersFromTheRightAnswer(FaultKind kind)
    {
        foreach (var (path, body) in new[] { ("/v1/messages", Caller.Messages("sim/echo", Text, stream: true)), ("/v1/chat/completions", Caller.Chat("sim/echo", Text, stream: true, ""","stream_options":{"include_usage":true}""")) })
        {
            var right = Comparable((await Caller.RawAsync(_host, path, body)).Bytes);
            _host.Script.Enqueue(new Fault(kind) { Status = kind == FaultKind.Status ? 500 : 0, Delay = kind == FaultKind.SlowTrickle ? TimeSpan.Zero : TimeSpan.FromMilliseconds(50) });
            var wrong = await Caller.RawAsync(_host, path, body);
            Assert.Equal(kind, _host.Record.Last.Fault!.Kind);

            // Silence is a matter of time, not of bytes; the tests of places look at it.
            if (kind is not FaultKind.Stall and not FaultKind.SlowHeaders)
            {
                Assert.True(wrong.Reset || right != Comparable(wrong.Bytes), kind + " changed nothing on " + path);
            }
        }
    }

    [Theory]
    [InlineData("400;variant=context", 400, "prompt is too long: 210000 tokens > 200000 maximum", "context_length_exceeded")]
    [InlineData("400;variant=credit", 400, "credit balance is too low", "invalid_request_error")]
    [InlineData("401", 401, "authentication_error", "invalid_api_key")]
    [InlineData("402", 402, "billing_error", "insufficient")]
    [InlineData("403", 403, "permission_error", "error")]
    [InlineData("404", 404, "not_found_error", "model_not_found")]
    [InlineData("408", 408, "timeout_error", "timed out")]
    [InlineData("413", 413, "request_too_large", "too large")]
    [InlineData("429", 429, "rate_limit_error", "rate_limit_exceeded")]
    [InlineData("429;variant=quota", 429, "rate_limit_error", "insufficient_quota")]
    [InlineData("500", 500, "api_error", "server_error")]
    [InlineData("502", 502, "<html>", "<html>")]
    [InlineData("503", 503, "api_error", "overloaded")]
    [InlineData("529", 529, "overloaded_error", "overloaded")]
    [InlineData("status;status=418;message=teapot", 418, "teapot", "teapot")]
    public async Task Status_ByHeader_ComesWithTheVendorsBody(string fault, int status, string anthropic, string openai)
    {
        using var messages = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("m", "x", stream: true), fault: fault);
        Assert.Equal(status, (int)messages.StatusCode);
        Assert.Contains(anthropic, await messages.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(messages.Headers.Contains("retry-after"));
        using var chat = await Caller.PostAsync(_host, "/v1/chat/completions", Caller.Chat("m", "x"), fault: fault);
        Assert.Equal(status, (int)chat.StatusCode);
        Assert.Contains(openai, await chat.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_ByModelName_IsPlayedWithItsParameters()
    {
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/fault/429;retry-after=7", "x"));
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal("7", answer.Headers.GetValues("retry-after").Single());
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("429;wait=3")]
    [InlineData("stall;at=nowhere")]
    [InlineData("700")]
    public async Task Fault_Misspelt_IsRefusedAndNotIgnored(string fault)
    {
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("m", "x"), fault: fault);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("unknown fault", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultPlace.AfterHeaders, new[] { "error" })]
    [InlineData(FaultPlace.AfterPing, new[] { "ping", "error" })]
    [InlineData(FaultPlace.AfterStart, new[] { "message_start", "error" })]
    [InlineData(FaultPlace.AfterText, new[] { "message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta", "error" })]
    public async Task F13_ErrorEvent_ComesAtItsPlaceAndEndsTheStream(FaultPlace place, string[] names)
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, place, after: 2));
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream: true));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var events = SseEvent.Read(await answer.Content.ReadAsStringAsync());
        Assert.Equal(names, events.Select(e => e.Name));
        Assert.Equal("overloaded_error", events[^1].Json.GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task F13_ErrorEvent_InAToolCall_LeavesItsArgumentsUnfinished()
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, FaultPlace.InToolCall));
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("any", Text, stream: true, Tool));
        var events = SseEvent.Read(await answer.Content.ReadAsStringAsync());
        Assert.Equal(["message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta", "error"], events.Select(e => e.Name));
        Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(events[4].Json.GetProperty("delta").GetProperty("partial_json").GetString()!));
    }

    [Fact]
    public async Task F13_ErrorEvent_OfChat_IsADataFrameWithoutDone()
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterText) with { Status = 429 });
        using var answer = await Caller.PostAsync(_host, "/v1/chat/completions", Caller.Chat("sim/echo", Text, stream: true));
        var events = SseEvent.Read(await answer.Content.ReadAsStringAsync());
        Assert.Equal("rate_limit_exceeded", events[^1].Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(FaultPlace.BeforeHeaders, false, false)]
    [InlineData(FaultPlace.AfterHeaders, true, false)]
    [InlineData(FaultPlace.AfterPing, true, false)]
    [InlineData(FaultPlace.AfterStart, true, false)]
    [InlineData(FaultPlace.AfterText, true, true)]
    public async Task F13_Reset_AtEachPlace_IsARealReset(FaultPlace place, bool head, bool text)
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.Reset, place));
        var (bytes, reset) = await Caller.RawAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream: true));
        Assert.True(reset);
        var seen = Encoding.UTF8.GetString(bytes);
        Assert.Equal(head, seen.StartsWith("HTTP/1.1 200 OK\r\n", StringComparison.Ordinal));
        Assert.Equal(text, seen.Contains("text_delta", StringComparison.Ordinal));
        Assert.Equal(AnswerEnd.CutByFault, _host.Record.Last.End);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F13_TruncatedBody_EndsWithoutResetInsideItsFraming(bool stream)
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.TruncatedBody, FaultPlace.AfterText));
        var (bytes, reset) = await Caller.RawAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream));
        Assert.False(reset);
        var seen = Encoding.UTF8.GetString(bytes);
        Assert.DoesNotContain("\r\n0\r\n", seen, StringComparison.Ordinal);

        _host.Script.Enqueue(Fault.Of(FaultKind.TruncatedBody, FaultPlace.AfterText));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream)));
    }

    [Theory]
    [InlineData(FaultKind.CleanEnd)]
    [InlineData(FaultKind.MissingTerminal)]
    public async Task F13_EndWithoutTerminal_IsCleanHttp(FaultKind kind)
    {
        _host.Script.Enqueue(new Fault(kind));
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream: true));
        var events = SseEvent.Read(await answer.Content.ReadAsStringAsync());
        Assert.DoesNotContain(events, e => e.Name == "message_stop");
        Assert.Equal(kind == FaultKind.MissingTerminal ? "message_delta" : "content_block_delta", events[^1].Name);
    }

    [Theory]
    [InlineData(FaultPlace.BeforeHeaders, "")]
    [InlineData(FaultPlace.AfterHeaders, "\r\n\r\n")]
    [InlineData(FaultPlace.AfterStart, "message_start")]
    [InlineData(FaultPlace.AfterText, "text_delta")]
    [InlineData(FaultPlace.InToolCall, "partial_json")]
    public async Task F16_Stall_AtEachPlace_HoldsTheConnectionUntilTheClientGoes(FaultPlace place, string last)
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.Stall, place));
        var socket = await Caller.SendRawAsync(_host, "/v1/messages", Caller.Messages("sim/echoes", Text, stream: true, Tool));
        var request = await _host.Record.WaitForAsync(r => r.Fault is not null, Caller.Patience);
        var seen = "";
        using var patience = new CancellationTokenSource(Caller.Patience);
        var piece = new byte[4096];
        while (!seen.Contains(last, StringComparison.Ordinal))
        {
            seen += Encoding.UTF8.GetString(piece, 0, await socket.ReceiveAsync(piece, patience.Token));
        }

        Assert.Equal(AnswerEnd.Open, request.End);
        Assert.Equal(1, _host.Record.InFlight);
        Assert.DoesNotContain("message_stop", seen, StringComparison.Ordinal);
        socket.Dispose();
        await _host.Record.WaitForAsync(r => r.ClientGoneAt is not null, Caller.Patience);
    }

    [Fact]
    public async Task MalformedFrame_InAStream_BreaksOneFrameOnly()
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.MalformedFrame, FaultPlace.AfterText));
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream: true));
        var broken = SseEvent.Read(await answer.Content.ReadAsStringAsync()).Where(e => !IsJson(e.Data)).ToList();
        Assert.Equal("content_block_delta", Assert.Single(broken).Name);
    }

    [Fact]
    public async Task MalformedFrame_WithoutStream_IsNoJson()
    {
        _host.Script.Enqueue(new Fault(FaultKind.MalformedFrame));
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text));
        Assert.False(IsJson(await answer.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData(FaultKind.NegativeUsage)]
    [InlineData(FaultKind.HugeUsage)]
    [InlineData(FaultKind.TextUsage)]
    [InlineData(FaultKind.MissingUsage)]
    public async Task WrongUsage_LeavesTheContentRight(FaultKind kind)
    {
        _host.Script.Always(new Fault(kind));
        var message = await Caller.JsonAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text));
        Assert.Equal(Text, message.GetProperty("content")[0].GetProperty("text").GetString());
        var completion = await Caller.JsonAsync(_host, "/v1/chat/completions", Caller.Chat("sim/echo", Text));
        foreach (var (answer, name) in new[] { (message, "output_tokens"), (completion, "completion_tokens") })
        {
            if (kind == FaultKind.MissingUsage)
            {
                Assert.False(answer.TryGetProperty("usage", out _));
                continue;
            }

            var count = answer.GetProperty("usage").GetProperty(name);
            Assert.True(kind switch
            {
                FaultKind.NegativeUsage => count.GetInt64() < 0,
                FaultKind.HugeUsage => count.GetInt64() > long.MaxValue / 2,
                _ => count.ValueKind == JsonValueKind.String,
            });
        }
    }

    [Fact]
    public async Task EmptyCompletion_EndsProperlyWithoutContent()
    {
        _host.Script.Always(new Fault(FaultKind.EmptyCompletion));
        using var streamed = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream: true));
        var check = AnthropicStreamCheck.Run(SseEvent.Read(await streamed.Content.ReadAsStringAsync()));
        Assert.Empty(check.Blocks);
        Assert.Equal("end_turn", check.StopReason);
        var completion = await Caller.JsonAsync(_host, "/v1/chat/completions", Caller.Chat("sim/echo", Text));
        Assert.Equal(JsonValueKind.Null, completion.GetProperty("choices")[0].GetProperty("message").GetProperty("content").ValueKind);
    }

    [Fact]
    public async Task GzipBody_UnpacksToTheRightAnswer()
    {
        _host.Script.Enqueue(new Fault(FaultKind.GzipBody));
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text));
        Assert.Equal("gzip", answer.Content.Headers.ContentEncoding.Single());
        await using var unpacked = new GZipStream(await answer.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        var json = await JsonDocument.ParseAsync(unpacked);
        Assert.Equal(Text, json.RootElement.GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Headers_Absurd_AreSent()
    {
        using var many = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text), fault: "many-headers");
        Assert.Equal(100, many.Headers.Count(h => h.Key.StartsWith("x-sim-many-", StringComparison.Ordinal)));
        using var wide = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text), fault: "long-header");
        Assert.Equal(32 * 1024, wide.Headers.GetValues("x-sim-long").Single().Length);
        using var wait = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text), fault: "absurd-retry-after");
        Assert.Equal(HttpStatusCode.TooManyRequests, wait.StatusCode);
        Assert.Equal("1000000000", wait.Headers.GetValues("retry-after").Single());
    }

    [Fact]
    public async Task SlowHeaders_GiveTheRightAnswerInTheEnd()
    {
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text), fault: "slow-headers;delay=30");
        Assert.Contains(Text, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stall_OfGivenLength_GoesOnToTheRightAnswer()
    {
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages("sim/echo", Text, stream: true), fault: "stall;at=text;after=2;delay=30");
        Assert.Equal(Text, AnthropicStreamCheck.Run(SseEvent.Read(await answer.Content.ReadAsStringAsync())).Blocks.Single().Text);
    }

    [Fact]
    public async Task Script_PerModelAndCredential_StrikesOnlyThose()
    {
        _host.Script.Always(Fault.Of(500), model: "bad");
        _host.Script.Always(Fault.Of(401), credential: "dead");
        Assert.Equal(200, await StatusAsync("good", "alive"));
        Assert.Equal(500, await StatusAsync("bad", "alive"));
        Assert.Equal(401, await StatusAsync("good", "dead"));
        _host.Script.Clear();
        Assert.Equal(200, await StatusAsync("bad", "dead"));
    }

    [Fact]
    public async Task Script_EveryNth_StrikesThoseOnly()
    {
        _host.Script.EveryNth(3, Fault.Of(500));
        var statuses = new List<int>();
        for (var i = 0; i < 6; i++)
        {
            statuses.Add(await StatusAsync("m", "k"));
        }

        Assert.Equal([200, 200, 500, 200, 200, 500], statuses);
    }

    [Fact]
    public async Task Script_Probability_IsTheSameForTheSameSeed()
    {
        var runs = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Seed = 7 });
            host.Script.WithProbability(0.5, Fault.Of(500));
            var statuses = "";
            for (var i = 0; i < 20; i++)
            {
                using var answer = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("m", "x"));
                statuses += (int)answer.StatusCode == 500 ? 'x' : '.';
            }

            runs.Add(statuses);
        }

        Assert.Equal(runs[0], runs[1]);
        Assert.Contains('x', runs[0]);
        Assert.Contains('.', runs[0]);
    }

    [Fact]
    public async Task FaultPorts_BreakTlsAndRefuse()
    {
        await using var ports = SimulatorFaultPorts.Open();
        var tls = await Assert.ThrowsAsync<HttpRequestException>(() => Caller.Http.GetAsync(ports.BrokenTls));
        Assert.Equal(HttpRequestError.SecureConnectionError, tls.HttpRequestError);
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => Caller.Http.GetAsync(ports.Refused));
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(refused.InnerException).SocketErrorCode);
    }

    private async Task<int> StatusAsync(string model, string key)
    {
        using var answer = await Caller.PostAsync(_host, "/v1/messages", Caller.Messages(model, "x"), key);
        return (int)answer.StatusCode;
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var _ = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>A raw answer without what differs from one time to the next.</summary>
    private static string Comparable(byte[] raw) =>
        string.Join("\r\n", Encoding.UTF8.GetString(raw).Split("\r\n").Where(l => !l.StartsWith("Date:", StringComparison.Ordinal) && !l.StartsWith("Connection:", StringComparison.Ordinal)));
}
