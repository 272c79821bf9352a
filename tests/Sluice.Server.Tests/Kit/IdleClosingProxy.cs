using System.Net;
using System.Net.Sockets;

namespace Sluice.Server.Tests.Kit;

/// <summary>What load balancers do: passes bytes both ways and cuts a connection on which nothing has come for a while.</summary>
internal sealed class IdleClosingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _target;
    private readonly TimeSpan _idle;
    private int _cut;

    private IdleClosingProxy(Uri target, TimeSpan idle) => (_target, _idle) = (target, idle);

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Connections that were idle for too long.</summary>
    public int Cut => Volatile.Read(ref _cut);

    public static IdleClosingProxy Start(Uri target, TimeSpan idle)
    {
        var proxy = new IdleClosingProxy(target, idle);
        proxy._listener.Start();
        _ = proxy.AcceptAsync();
        return proxy;
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        {
            using var server = new TcpClient { NoDelay = true };
            await server.ConnectAsync(_target.Host, _target.Port);
            using var idle = new CancellationTokenSource(_idle);
            try
            {
                await Task.WhenAny(
                    PumpAsync(client.GetStream(), server.GetStream(), idle),
                    PumpAsync(server.GetStream(), client.GetStream(), idle));
            }
            finally
            {
                if (idle.IsCancellationRequested)
                {
                    Interlocked.Increment(ref _cut);
                }
            }
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, CancellationTokenSource idle)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, idle.Token) is > 0 and var read)
            {
                idle.CancelAfter(_idle);
                await to.WriteAsync(buffer.AsMemory(0, read), idle.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Either side has gone, or neither has said anything for too long: both are closed.
        }
    }
}
