using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F36: pooled memory under load and aborts. Every request carries a nonce of its own; nobody may ever see another's.</summary>
public sealed partial class CanaryTests
{
    private const int Requests = 300;

    [Fact]
    public async Task F36_ManyRequestsAndAborts_NobodySeesAnothersBytes_AndAllMemoryComesBack()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            routing: { retries: 0 }
            providers:
              - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
              - { name: a-chat, kind: openai, base_url: "{A}/v1" }
            models:
              - { id: "echo/anthropic", endpoints: [{ provider: a-anthropic, model: sim/echo, price: { input: 3, output: 15 } }] }
              - { id: "echo/chat", endpoints: [{ provider: a-chat, model: sim/echo, price: { input: 3, output: 15 } }] }
            """, new SimulatorOptions { FirstByteDelay = TimeSpan.FromMilliseconds(150), Speed = SimulatorSpeed.Paced(20) });
        var random = new Random(20261121);
        var plans = Enumerable.Range(0, Requests).Select(i => (
            Nonce: $"nonce-{i:d6}-{random.Next():x8}",
            Client: (Wire)random.Next(2),
            Upstream: random.Next(2) == 0 ? "anthropic" : "chat",
            Stream: random.Next(2) == 0,
            IsLarge: random.Next(3) == 0,
            AbortAfter: random.Next(5) == 0 ? random.Next(600) : (int?)null)).ToList();
        using var http = gateway.NewClient();
        var wrong = new ConcurrentQueue<string>();
        var whole = 0;
        await Task.WhenAll(plans.Select(async plan =>
        {
            var body = Body(plan.Client, "echo/" + plan.Upstream, plan.Nonce, plan.Stream, plan.IsLarge ? 600_000 : 500);
            using var request = gateway.Request(plan.Client, body);
            using var abort = new CancellationTokenSource();
            if (plan.AbortAfter is { } milliseconds)
            {
                abort.CancelAfter(milliseconds);
            }

            try
            {
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, abort.Token);
                var bytes = await response.Content.ReadAsByteArrayAsync(abort.Token);
                using var copy = new HttpResponseMessage(response.StatusCode) { Content = new ByteArrayContent(bytes) };
                copy.Content.Headers.ContentType = response.Content.Headers.ContentType;
                var answer = await ClientAnswer.ReadAsync(copy);
                if (answer.Status != 200 || answer.AnswerText(plan.Client) != "say " + plan.Nonce || answer.IsStream != plan.Stream)
                {
                    wrong.Enqueue($"{plan}: {answer.Status} {answer.Text[..Math.Min(400, answer.Text.Length)]}");
                }

                Interlocked.Increment(ref whole);
            }
            catch (OperationCanceledException) when (plan.AbortAfter is not null)
            {
                // Its client has left, as planned.
            }
        }));

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Take(5)));
        Assert.True(whole >= Requests * 3 / 4, $"only {whole} requests were answered");
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

        TestContext.Current.TestOutputHelper?.WriteLine($"{whole} answered, {Requests - whole} aborted, at most {gateway.A.Record.MaxInFlight} at once at the provider");
    }

    private static byte[] Body(Wire client, string model, string nonce, bool stream, int size)
    {
        // The filler is the nonce again and again, so that any foreign piece shows wherever it lands.
        var filler = new StringBuilder(size + 32);
        while (filler.Length < size)
        {
            filler.Append(nonce).Append(' ');
        }

        var system = client == Wire.Anthropic ? $"\"system\":\"{filler}\"," : "";
        var first = client == Wire.Chat ? $$"""{"role":"system","content":"{{filler}}"},""" : "";
        return Encoding.UTF8.GetBytes($$"""{"model":"{{model}}","max_tokens":1000,"stream":{{(stream ? "true" : "false")}},{{system}}"messages":[{{first}}{"role":"user","content":"say {{nonce}}"}]}""");
    }

    [GeneratedRegex("nonce-[0-9]{6}-[0-9a-f]{8}", RegexOptions.NonBacktracking)]
    private static partial Regex Nonces();
}
