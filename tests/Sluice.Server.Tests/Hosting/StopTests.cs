using System.Net.Sockets;
using System.Text;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Hosting;

/// <summary>What clients see of a stop, over real sockets.</summary>
public sealed class StopTests
{
    private const string Yaml = """
        server: { urls: ["http://127.0.0.1:0"] }
        auth: { admin_key: admin-key-of-the-tests-0123456789 }
        providers:
          - { name: only, kind: anthropic, base_url: "{provider}", api_keys: [provider-key-1] }
        models:
          - { id: acme/coder, endpoints: [{ provider: only, model: coder }] }
        """;

    private const string AnthropicBody = """{"model":"acme/coder","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"say a few words"}]}""";
    private const string ChatBody = """{"model":"acme/coder","stream":true,"messages":[{"role":"user","content":"say a few words"}]}""";

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Stop_StreamThatEndsWithinTheDrainTime_IsFinished()
    {
        var providerTime = new ManualTimeProvider();
        await using var folder = await ServingFolder.CreateAsync(Yaml, providerTime);
        folder.Provider.Script.Enqueue(new Fault(FaultKind.Stall) { Place = FaultPlace.AfterText, Delay = TimeSpan.FromMinutes(1) });
        await using var server = await folder.ServeAsync();
        using var client = ServingFolder.Client(server);
        using var response = await client.SendAsync(folder.Post("/v1/messages", AnthropicBody), HttpCompletionOption.ResponseHeadersRead);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync());
        var seen = await ReadUntilAsync(body, "text_delta");

        var stopping = server.StopAsync();
        await server.Stopping;
        Assert.False(stopping.IsCompleted);

        // The text is sent before the pause begins: time that passed in between would never end it.
        await Kit.GatewayUnderTest.UntilAsync(() => providerTime.PendingTimers > 0, "the provider's pause");
        providerTime.Advance(TimeSpan.FromMinutes(2));
        seen += await body.ReadToEndAsync();
        await stopping;

        Assert.EndsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("event: error", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/messages", AnthropicBody, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"")]
    [InlineData("/v1/chat/completions", ChatBody, "data: {\"error\":{")]
    public async Task Stop_StreamStillOpenAfterTheDrainTime_EndsWithItsProtocolsError(string path, string request, string ending)
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        folder.Provider.Script.Enqueue(new Fault(FaultKind.Stall) { Place = FaultPlace.AfterText });
        string seen;
        string id;
        await using (var server = await folder.ServeAsync(Moment))
        {
            using var client = ServingFolder.Client(server);
            using var response = await client.SendAsync(folder.Post(path, request), HttpCompletionOption.ResponseHeadersRead);
            id = response.Headers.GetValues("x-sluice-request-id").Single();
            using var body = new StreamReader(await response.Content.ReadAsStreamAsync());
            seen = await ReadUntilAsync(body, "delta");

            var stopping = server.StopAsync();
            seen += await body.ReadToEndAsync();
            await stopping;
        }

        Assert.Contains(ending, seen, StringComparison.Ordinal);
        Assert.Contains("Sluice is stopping", seen[seen.IndexOf(ending, StringComparison.Ordinal)..], StringComparison.Ordinal);
        await using var next = await folder.ServeAsync(Moment);
        var trail = (await ServingFolder.AdminAsync(next, "/requests/" + id)).GetRawText();
        Assert.Contains("\"overloaded\"", trail, StringComparison.Ordinal);
        Assert.Contains("\"failed\"", trail, StringComparison.Ordinal);
        Assert.DoesNotContain("abandoned", trail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_RequestWithoutContentAfterTheDrainTime_GetsATrueStatus()
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        folder.Provider.Script.Enqueue(new Fault(FaultKind.Stall) { Place = FaultPlace.BeforeHeaders });
        await using var server = await folder.ServeAsync(Moment);
        using var client = ServingFolder.Client(server);
        var answer = client.SendAsync(folder.Post("/v1/messages", AnthropicBody));
        await folder.Provider.Record.WaitForCountAsync(1, TimeSpan.FromSeconds(30));
        await server.StopAsync();
        using var response = await answer;

        Assert.Equal(503, (int)response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), response.Headers.RetryAfter?.Delta);
        Assert.Equal("gateway", response.Headers.GetValues("x-sluice-error-source").Single());
    }

    [Theory]
    [InlineData("POST /v1/messages", "{\"type\":\"error\"")]
    [InlineData("POST /v1/chat/completions", "{\"error\"")]
    [InlineData("GET /v1/models", "{\"error\"")]
    public async Task Stop_RequestThatArrivesLater_IsRefusedAndItsConnectionClosed(string line, string body)
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        await using var server = await folder.ServeAsync();
        var address = new Uri(server.Urls[0]);
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        await using var stream = socket.GetStream();

        // One whole exchange first, so that the next head is certainly read by a connection that serves; half a head keeps it from being closed as idle.
        await stream.WriteAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        await ReadUntilAsync(reader, "ok");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line + " HTTP/1.1\r\nHost: x\r\n"));
        using var elsewhere = ServingFolder.Client(server);
        await elsewhere.GetAsync("/healthz");

        var stopping = server.StopAsync();
        await server.Stopping;
        await stream.WriteAsync("Content-Length: 0\r\n\r\n"u8.ToArray());
        var answer = await reader.ReadToEndAsync();
        await stopping;

        Assert.Contains("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.Contains("Retry-After: 5\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(body, answer, StringComparison.Ordinal);
        Assert.Contains("Sluice is stopping", answer, StringComparison.Ordinal);
    }

    private static async Task<string> ReadUntilAsync(StreamReader reader, string word)
    {
        var seen = new StringBuilder();
        var one = new char[1];
        while (!seen.ToString().Contains(word, StringComparison.Ordinal) && await reader.ReadAsync(one) > 0)
        {
            seen.Append(one);
        }

        return seen.ToString();
    }
}
