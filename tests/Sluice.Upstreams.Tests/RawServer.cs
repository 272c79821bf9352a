using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sluice.Upstreams.Tests;

/// <summary>What a server saw of one request: its head as sent and its body.</summary>
internal sealed record SeenRequest(string Head, byte[] Body)
{
    public string RequestLine => Head[..Head.IndexOf("\r\n", StringComparison.Ordinal)];

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>All values of a header, in order, each line for itself.</summary>
    public string[] Header(string name) =>
        [.. Head.Split("\r\n").Skip(1).Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim())];
}

/// <summary>A TCP server on loopback that reads HTTP/1.1 requests by hand and answers what the test says, byte for byte.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Socket, Task> _serve;
    private readonly Task _accepting;

    private RawServer(Func<Socket, Task> serve)
    {
        _serve = serve;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public List<SeenRequest> Seen { get; } = [];

    public int Connections { get; private set; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>Answers every request with these bytes and keeps the connection.</summary>
    public static RawServer Answering(byte[] answer) => Answering(async (_, socket) =>
    {
        await socket.SendAsync(answer);
        return true;
    });

    public static RawServer Answering(string answer) => Answering(Encoding.Latin1.GetBytes(answer));

    /// <summary>Answers each request by hand; false ends the connection.</summary>
    public static RawServer Answering(Func<SeenRequest, Socket, Task<bool>> answer)
    {
        RawServer? server = null;
        server = new RawServer(async socket =>
        {
            while (await ReadRequestAsync(socket) is { } request)
            {
                lock (server!.Seen)
                {
                    server.Seen.Add(request);
                }

                if (!await answer(request, socket))
                {
                    return;
                }
            }
        });
        return server;
    }

    /// <summary>Does with each connection what the test says.</summary>
    public static RawServer Serving(Func<Socket, Task> serve) => new(serve);

    public static string Ok(string body, string headers = "content-type: application/json\r\n") =>
        $"HTTP/1.1 200 OK\r\n{headers}content-length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    /// <summary>Closes so that the other side sees a reset and not an end.</summary>
    public static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public static async Task<SeenRequest?> ReadRequestAsync(Socket socket)
    {
        var received = new List<byte>();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var bytes = received.ToArray();
            var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                var head = Encoding.Latin1.GetString(bytes, 0, end);
                var length = 0;
                foreach (var line in head.Split("\r\n"))
                {
                    if (line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase))
                    {
                        length = int.Parse(line.AsSpan(15));
                    }
                }

                if (bytes.Length >= end + 4 + length)
                {
                    return new SeenRequest(head, bytes.AsSpan(end + 4, length).ToArray());
                }
            }

            var read = await socket.ReceiveAsync(buffer);
            if (read == 0)
            {
                return null;
            }

            received.AddRange(buffer.AsSpan(0, read));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Connections++;
            _ = ServeAsync(socket);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        using (_stop.Token.Register(socket.Close))
        {
            try
            {
                await _serve(socket);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
                // The client went away, or the test ended.
            }
        }
    }
}
