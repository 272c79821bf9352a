using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Simulator.Replies;

/// <summary>Writes to a request's socket past the server, which has sent nothing yet and never will: only so can framing be broken and a reset be a real one.</summary>
internal sealed class SocketSender
{
    private readonly HttpContext _context;
    private readonly Socket _socket;

    public SocketSender(HttpContext context)
    {
        _context = context;
        _socket = context.Features.GetRequiredFeature<IConnectionSocketFeature>().Socket;
    }

    public static byte[] Head(Reply reply)
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {reply.Status} {Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(reply.Status)}\r\nContent-Type: {reply.ContentType}\r\n");
        foreach (var (name, value) in reply.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        head.Append(reply.Length is { } length
            ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n\r\n")
            : "Transfer-Encoding: chunked\r\n\r\n");
        return Encoding.Latin1.GetBytes(head.ToString());
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, ct)..];
        }
    }

    public Task SendChunkAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        var size = Encoding.ASCII.GetBytes(bytes.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
        return SendAsync((byte[])[.. size, .. bytes.Span, .. "\r\n"u8], ct);
    }

    /// <summary>RST: closing with unsent data forbidden to linger makes the kernel reset the connection.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close(0);
        _context.Abort();
    }

    /// <summary>FIN. Waits for the peer to close too, since an early close of ours could turn into a reset that hides what was sent.</summary>
    public async Task CloseAsync(TimeProvider time)
    {
        _socket.Shutdown(SocketShutdown.Send);
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(2), time, _context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The peer closed: what was waited for.
        }

        _context.Abort();
    }
}
