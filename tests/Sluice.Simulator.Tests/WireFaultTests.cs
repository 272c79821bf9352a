using System.Net;
using System.Text;
using Sluice.Testing;

namespace Sluice.Simulator.Tests;

/// <summary>What the simulator does wrong, in every format and framing.</summary>
public sealed class WireFaultTests : IAsyncLifetime
{
    private SimulatorHost _host = null!;

    public static TheoryData<string> Cases => [.. WireCase.All.Select(c => c.Name)];

    public static TheoryData<string> Streams => [.. WireCase.All.Where(c => c.Streams).Select(c => c.Name)];

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task EveryKind_OnTheWire_DiffersFromTheRightAnswer(string name)
    {
        var wire = WireCase.Of(name);
        var right = Comparable((await SendAsync(wire)).Bytes);
        Assert.StartsWith("HTTP/1.1 200 OK", right, StringComparison.Ordinal);
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            _host.Script.Enqueue(new Fault(kind) { Status = kind == FaultKind.Status ? 500 : 0, Delay = kind == FaultKind.SlowTrickle ? TimeSpan.Zero : TimeSpan.FromMilliseconds(20) });
            var wrong = await SendAsync(wire);
            Assert.Equal(kind, _host.Record.Last.Fault!.Kind);

            // Silence and pauses are a matter of time; in one piece a trickle changes no byte.
            if (kind is not (FaultKind.Stall or FaultKind.SlowHeaders) && (wire.Streams || kind != FaultKind.SlowTrickle))
            {
                Assert.True(wrong.Reset || right != Comparable(wrong.Bytes), kind + " changed nothing on " + name);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task F13_CutAfterText_ShowsThatTextAndNoEnd(string name)
    {
        var wire = WireCase.Of(name);
        foreach (var kind in (FaultKind[])[FaultKind.Reset, FaultKind.TruncatedBody, FaultKind.CleanEnd, FaultKind.ErrorEvent])
        {
            var right = (await SendAsync(wire)).Bytes.Length;
            _host.Script.Enqueue(Fault.Of(kind, FaultPlace.AfterText, after: 2));
            var (bytes, reset) = await SendAsync(wire);
            var text = Encoding.UTF8.GetString(bytes);
            Assert.Equal(kind == FaultKind.Reset, reset);
            Assert.Contains(wire.Content, text, StringComparison.Ordinal);
            Assert.DoesNotContain("three", text, StringComparison.Ordinal);
            Assert.Equal(kind is FaultKind.CleanEnd or FaultKind.ErrorEvent, text.EndsWith("0\r\n\r\n", StringComparison.Ordinal));
            Assert.True(kind == FaultKind.ErrorEvent || bytes.Length < right);
            Assert.Equal(kind is FaultKind.Reset or FaultKind.TruncatedBody ? AnswerEnd.CutByFault : AnswerEnd.Completed, _host.Record.Last.End);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task F16_Stall_HoldsUntilTheClientGoes(string name)
    {
        var wire = WireCase.Of(name);
        _host.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.AfterText));
        var socket = await Caller.SendRawAsync(_host, wire.Path, wire.Body, WireCase.Headers);
        var request = await _host.Record.WaitForAsync(r => r.BytesSent > 0, Caller.Patience);
        Assert.Equal(AnswerEnd.Open, request.End);
        socket.Dispose();
        await _host.Record.WaitForAsync(r => r.ClientGoneAt is not null, Caller.Patience);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Usage_AsReported_IsOnTheRecord(string name)
    {
        var wire = WireCase.Of(name);
        await SendAsync(wire);
        var received = _host.Record.Last;
        Assert.Equal((200, "key", 6), (received.Status, received.Credential, received.Usage!.Output));
        Assert.EndsWith("echo", received.Model, StringComparison.Ordinal);
        Assert.Equal(Encoding.UTF8.GetBytes(wire.Body), received.Body);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task ErrorStatus_OfEveryClass_IsAJsonObjectOrArray(string name)
    {
        var wire = WireCase.Of(name);
        foreach (var status in (int[])[400, 401, 403, 404, 408, 413, 429, 500, 503, 529])
        {
            _host.Script.Enqueue(Fault.Of(status));
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.Address, wire.Path)) { Content = new StringContent(wire.Body) };
            request.Headers.Add("authorization", "Bearer key");
            using var answer = await Caller.Http.SendAsync(request);
            Assert.Equal(status, (int)answer.StatusCode);
            using var error = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Contains("message", error.RootElement.GetRawText(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Replay_OnEveryWire_SendsTheBytesInTheirPieces(string name)
    {
        var wire = WireCase.Of(name);
        byte[] recorded = [0, 0, 0, 0x10, 0, 0, 0, 0, 5, 0xC2, 0x48, 0xEB, 0x7D, 0x98, 0xC8, 0xFF];
        _host.Script.Replay(new ReplayAnswer { Body = recorded, ContentType = "application/vnd.amazon.eventstream", ChunkLengths = [5, 8] }, times: 1);
        var (bytes, _) = await SendAsync(wire);
        var text = Encoding.Latin1.GetString(bytes);
        Assert.Contains("Content-Type: application/vnd.amazon.eventstream\r\n", text, StringComparison.Ordinal);
        var pieces = new[] { recorded[..5], recorded[5..13], recorded[13..] }.Select(p => p.Length.ToString("x", System.Globalization.CultureInfo.InvariantCulture) + "\r\n" + Encoding.Latin1.GetString(p) + "\r\n");
        Assert.EndsWith("\r\n\r\n" + string.Concat(pieces) + "0\r\n\r\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task PreparedAnswer_OnEveryWire_IsTheFirstAnswersBytes(string name)
    {
        var wire = WireCase.Of(name);
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { PreparedAnswers = true });
        var first = await Caller.RawAsync(host, wire.Path, wire.Body, WireCase.Headers);
        var second = await Caller.RawAsync(host, wire.Path, wire.Body, WireCase.Headers);
        Assert.Contains(wire.Content, Encoding.Latin1.GetString(first.Bytes), StringComparison.Ordinal);
        Assert.Equal(Comparable(first.Bytes), Comparable(second.Bytes));
    }

    [Fact]
    public async Task Recording_OfBedrock_ComesBackByteForByte()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        var wire = WireCase.Of("converse stream");
        var played = 0;
        foreach (var recording in SharedData.Recordings("bedrock-converse-stream"))
        {
            var path = SharedData.PathOf("recordings", recording.Folder, "response.eventstream");
            if (!File.Exists(path))
            {
                continue;
            }

            var body = await File.ReadAllBytesAsync(path);
            _host.Script.Replay(new ReplayAnswer { Body = body, ContentType = "application/vnd.amazon.eventstream", ChunkLengths = [7, 100, 1] }, times: 1);
            using var answer = await Caller.PostAsync(_host, wire.Path, wire.Body, "key");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync());
            played++;
        }

        Assert.True(played > 0);
    }

    private Task<(byte[] Bytes, bool Reset)> SendAsync(WireCase wire) => Caller.RawAsync(_host, wire.Path, wire.Body, WireCase.Headers);

    /// <summary>A raw answer without what differs from one time to the next.</summary>
    private static string Comparable(byte[] raw) =>
        string.Join("\r\n", Encoding.Latin1.GetString(raw).Split("\r\n").Where(l => !l.StartsWith("Date:", StringComparison.Ordinal) && !l.StartsWith("Connection:", StringComparison.Ordinal)));
}
