using System.Net.Sockets;
using System.Text;

namespace Sluice.Server.Tests.Kit;

/// <summary>A client that writes bytes, for what no HTTP library would send.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };

    private NetworkStream? _stream;

    /// <summary>The server's side of the connection, also after the server has ended it.</summary>
    public NetworkStream Stream => _stream!;

    /// <param name="url">The server.</param>
    /// <param name="receiveBuffer">Bytes that the system takes for a client that does not read; 0 for its own choice.</param>
    public static async Task<RawClient> ConnectAsync(Uri url, int receiveBuffer = 0)
    {
        var client = new RawClient();
        client._tcp.ReceiveBufferSize = receiveBuffer > 0 ? receiveBuffer : client._tcp.ReceiveBufferSize;
        await client._tcp.ConnectAsync(url.Host, url.Port);
        client._stream = client._tcp.GetStream();
        return client;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await Stream.WriteAsync(bytes);

    /// <summary>Sends <paramref name="count"/> times, until the server refuses to take more; returns the bytes that were taken.</summary>
    public async Task<long> SendUntilRefusedAsync(byte[] bytes, int count)
    {
        long sent = 0;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            for (var i = 0; i < count; i++)
            {
                await Stream.WriteAsync(bytes, limit.Token);
                sent += bytes.Length;
            }
        }
        catch (IOException)
        {
            // The server closed: that is an answer too.
        }

        return sent;
    }

    /// <summary>Reads until the server closes, or nothing comes for a while.</summary>
    public async Task<string> ReadToEndAsync(int milliseconds = 10_000)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                using var limit = new CancellationTokenSource(milliseconds);
                var read = await Stream.ReadAsync(buffer, limit.Token);
                if (read == 0)
                {
                    return text.ToString();
                }

                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return text + (e is OperationCanceledException ? "(still open)" : "");
        }
    }

    /// <summary>Reads until the text has come.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            var read = await Stream.ReadAsync(buffer, limit.Token);
            if (read == 0)
            {
                break;
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    /// <summary>Ends the connection as a killed machine's system does, without a farewell.</summary>
    public void Reset()
    {
        _tcp.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        _tcp.Client.Close();
    }

    public void Dispose() => _tcp.Dispose();
}
