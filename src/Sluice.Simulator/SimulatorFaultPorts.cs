using System.Net;
using System.Net.Sockets;

namespace Sluice.Simulator;

/// <summary>Addresses at which nothing good happens, for what no HTTP server can simulate. Dispose to free them.</summary>
public sealed class SimulatorFaultPorts : IAsyncDisposable
{
    private readonly Socket _garbage;
    private readonly Socket _refused;
    private readonly Socket _silent;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private SimulatorFaultPorts()
    {
        _garbage = Bind();
        _garbage.Listen();
        _silent = Bind();
        _silent.Listen();

        // Bound and not listening: the kernel refuses, and nobody else can take the port meanwhile.
        _refused = Bind();
        _serving = ServeGarbageAsync();
    }

    /// <summary>An <c>https</c> address whose server speaks garbage instead of TLS.</summary>
    public Uri BrokenTls => new("https" + Uri.SchemeDelimiter + _garbage.LocalEndPoint);

    /// <summary>A closed port: connection refused.</summary>
    public Uri Refused => new("http" + Uri.SchemeDelimiter + _refused.LocalEndPoint);

    /// <summary>Connects, and never answers a byte.</summary>
    public Uri Silent => new("http" + Uri.SchemeDelimiter + _silent.LocalEndPoint);

    /// <summary>A name that no resolver knows (RFC 6761).</summary>
    public static Uri UnknownHost { get; } = new("http://simulator.invalid");

    /// <summary>Opens the ports on 127.0.0.1.</summary>
    public static SimulatorFaultPorts Open() => new();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _garbage.Dispose();
        _silent.Dispose();
        _refused.Dispose();
        _stop.Dispose();
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private async Task ServeGarbageAsync()
    {
        var hello = new byte[4096];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                // One at a time is enough: each lasts for one greeting.
                using var client = await _garbage.AcceptAsync(_stop.Token);
                await client.ReceiveAsync(hello, _stop.Token);
                await client.SendAsync("this is no TLS\r\n\r\n"u8.ToArray(), _stop.Token);
                client.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // That client left early; the next one may not.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
