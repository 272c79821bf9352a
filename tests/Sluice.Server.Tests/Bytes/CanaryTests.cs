using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F36: pooled memory under load and aborts. Every request carries a nonce of its own; nobody may ever see another's.</summary>
[Trait("Category", "Heavy")]
public sealed partial class CanaryTests
{
    private const int Requests = 300;

    private static readonly IReadOnlyList<Upstream> Echoing = [.. UpstreamKinds.Plain, Upstream.Bedrock];

    [Fact]
    public async Task F36_ManyRequestsAndAborts_NobodySeesAnothersBytes_AndAllMemoryComesBack()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
            {{string.Concat(Echoing.Select(u => UpstreamKinds.Provider(u, "A")))}}
            models:
            {{string.Concat(Echoing.Select(u => $"  - {{ id: \"echo/{UpstreamKinds.NameOf(u)}\", endpoints: [{{ provider: {UpstreamKinds.ProviderName(u, "A")}, model: sim/echo, price: {{ input: 3, output: 15 }} }}] }}\n"))}}
            """, new SimulatorOptions { FirstByteDelay = TimeSpan.FromMilliseconds(150), Speed = SimulatorSpeed.Paced(20) });
        var random = new Random(20261121);
        var plans = Enumerable.Range(0, Requests).Select(i => (
            Nonce: $"nonce-{i:d6}-{random.Next():x8}",
            Client: (Wire)random.Next(4),
            Upstream: UpstreamKinds.NameOf(Echoing[random.Next(Echoing.Count)]),
            Stream: random.Next(2) == 0 || i % 10 == 0,
            IsLarge: random.Next(3) == 0,
            AbortAfter: random.Next(5) == 0 ? random.Next(600) : (int?)null,
            LeavesInAnswer: i % 10 == 0)).ToList();
        using var http = gateway.NewClient();
        var wrong = new ConcurrentQueue<string>();
        var (whole, partial) = (0, 0);
        await Task.WhenAll(plans.Select(async plan =>
        {
            var body = Body(plan.Client, "echo/" + plan.Upstream, plan.Nonce, plan.Stream, plan.IsLarge ? 600_000 : 500);
            using var request = gateway.Request(plan.Client, body, Wires.PathOf(plan.Client, "echo/" + plan.Upstream, plan.Stream));
            using var abort = new CancellationTokenSource();
            if (plan.AbortAfter is { } milliseconds)
            {
                abort.CancelAfter(milliseconds);
            }

            using var received = new MemoryStream();
            var (status, isStream, isWhole) = (200, plan.Stream, false);
            try
            {
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, abort.Token);
                (status, isStream) = ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType == "text/event-stream");
                await using var answering = await response.Content.ReadAsStreamAsync(abort.Token);
                var buffer = new byte[256];
                while (await answering.ReadAsync(buffer, abort.Token) is > 0 and var read)
                {
                    received.Write(buffer, 0, read);
                    if (plan.LeavesInAnswer && received.GetBuffer().AsSpan(0, (int)received.Length).IndexOf("\"say"u8) > 0)
                    {
                        await abort.CancelAsync();
                    }
                }

                isWhole = !abort.IsCancellationRequested;
            }
            catch (OperationCanceledException) when (plan.AbortAfter is not null || plan.LeavesInAnswer)
            {
                // Its client has left, as planned; what it had read by then is looked at all the same.
            }

            var text = Encoding.UTF8.GetString(received.GetBuffer(), 0, (int)received.Length);
            var foreign = Nonces().Matches(text).Any(m => m.Value != plan.Nonce);
            var answer = isWhole || isStream ? await AnswerAsync(text, isStream) : null;
            var said = answer?.AnswerText(plan.Client) ?? "";
            var expected = "say " + plan.Nonce;
            if (status != 200 || foreign || isStream != plan.Stream || (isWhole ? said != expected : !expected.StartsWith(said, StringComparison.Ordinal)))
            {
                wrong.Enqueue($"{plan}: {status} {text[..Math.Min(400, text.Length)]}");
            }

            Interlocked.Add(ref whole, isWhole ? 1 : 0);
            Interlocked.Add(ref partial, !isWhole && said.Length > 0 ? 1 : 0);
        }));

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Take(5)));
        Assert.True(whole >= Requests * 2 / 3, $"only {whole} requests were answered");
        Assert.True(partial >= Requests / 30, $"only {partial} clients left in the middle of their answer");
        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.InFlight == 0, "no request left at the provider");
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, $"all bodies given back; {gateway.HeldBytes} held");
        foreach (var received in gateway.A.Record.Requests)
        {
            if (received.Body is { } body)
            {
                var nonces = Nonces().Matches(Encoding.UTF8.GetString(body)).Select(m => m.Value).Distinct().ToList();
                Assert.True(nonces.Count == 1, $"request {received.Number} of {body.Length} bytes holds {string.Join(", ", nonces)}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{whole} answered, {Requests - whole} aborted, {partial} of them in the middle of the answer, at most {gateway.A.Record.MaxInFlight} at once at the provider");
    }

    // Of a stream that was left, only whole events: the last one may be cut anywhere.
    private static async Task<ClientAnswer> AnswerAsync(string text, bool isStream)
    {
        var end = isStream ? Math.Max(text.LastIndexOf("\n\n", StringComparison.Ordinal) + 2, text.LastIndexOf("\r\n\r\n", StringComparison.Ordinal) + 4) : text.Length;
        using var response = new HttpResponseMessage { Content = new StringContent(end < 4 ? "" : text[..end], Encoding.UTF8, isStream ? "text/event-stream" : "application/json") };
        return await ClientAnswer.ReadAsync(response);
    }

    private static byte[] Body(Wire client, string model, string nonce, bool stream, int size)
    {
        // The filler is the nonce again and again, so that any foreign piece shows wherever it lands.
        var filler = new StringBuilder(size + 32);
        while (filler.Length < size)
        {
            filler.Append(nonce).Append(' ');
        }

        var body = Wires.Of(client).Request(model, "say " + nonce, stream, tool: false, usage: true);
        switch (client)
        {
            case Wire.Anthropic:
                body["system"] = filler.ToString();
                break;
            case Wire.Chat:
                body["messages"]!.AsArray().Insert(0, new JsonObject { ["role"] = "system", ["content"] = filler.ToString() });
                break;
            case Wire.Responses:
                body["instructions"] = filler.ToString();
                break;
            default:
                body["systemInstruction"] = new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = filler.ToString() }) };
                break;
        }

        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }

    [GeneratedRegex("nonce-[0-9]{6}-[0-9a-f]{8}", RegexOptions.NonBacktracking)]
    private static partial Regex Nonces();
}
