using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Simulator.Tests;

/// <summary>Plain clients of a simulator: what a vendor's client sends, and raw sockets that see what no HTTP client shows.</summary>
internal static class Caller
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static readonly HttpClient Http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, MaxResponseHeadersLength = 256 }) { Timeout = Patience };

    public static string Messages(string model, string text, bool stream = false, string extra = "") =>
        $$"""{"model":{{Quoted(model)}},"max_tokens":1000{{extra}},"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":{{Quoted(text)}}}]}""";

    public static string Chat(string model, string text, bool stream = false, string extra = "") =>
        $$"""{"model":{{Quoted(model)}}{{extra}},"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":{{Quoted(text)}}}]}""";

    public static string Quoted(string text) => JsonValue.Create(text)!.ToJsonString();

    public static async Task<HttpResponseMessage> PostAsync(SimulatorHost host, string path, string body, string? key = null, string? fault = null, bool wait = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, path))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (key is not null)
        {
            request.Headers.Add("authorization", "Bearer " + key);
        }

        if (fault is not null)
        {
            request.Headers.Add("x-sim-fault", fault);
        }

        return await Http.SendAsync(request, wait ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead);
    }

    public static async Task<JsonElement> JsonAsync(SimulatorHost host, string path, string body, string? key = null)
    {
        using var answer = await PostAsync(host, path, body, key);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Sends a request over a socket and reads all that comes, to the end or to a reset.</summary>
    public static async Task<(byte[] Bytes, bool Reset)> RawAsync(SimulatorHost host, string path, string body, string headers = "")
    {
        using var socket = await SendRawAsync(host, path, body, headers);
        using var all = new MemoryStream();
        var piece = new byte[8192];
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (await socket.ReceiveAsync(piece, patience.Token) is var read and > 0)
            {
                await all.WriteAsync(piece.AsMemory(0, read));
            }

            return (all.ToArray(), false);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return (all.ToArray(), true);
        }
    }

    public static async Task<Socket> SendRawAsync(SimulatorHost host, string path, string body, string headers = "")
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, host.Address.Port);
        var bytes = Encoding.UTF8.GetBytes(body);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}Content-Length: {bytes.Length}\r\n\r\n"));
        await socket.SendAsync(bytes);
        return socket;
    }
}
