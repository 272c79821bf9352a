using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Sluice.Server.Tests.Kit;

/// <summary>A provider whose every flush is the test's own: it says exactly what a test writes, when the test writes it, and nothing by itself.</summary>
internal sealed class HandWrittenUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<Exchange> _arrived = Channel.CreateUnbounded<Exchange>();

    private int _count;

    private HandWrittenUpstream(WebApplication app) => _app = app;

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();

    public static async Task<HandWrittenUpstream> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(static host => host.ShutdownTimeout = TimeSpan.Zero);
        var app = builder.Build();
        var upstream = new HandWrittenUpstream(app);
        app.Run(upstream.HandleAsync);
        await app.StartAsync();
        return upstream;
    }

    /// <summary>Requests that came in so far.</summary>
    public int Arrived => Volatile.Read(ref _count);

    /// <summary>The next request that comes in, open until it is ended.</summary>
    public async Task<Exchange> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return await _arrived.Reader.ReadAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true)).ContinueWith(static _ => { }, TaskScheduler.Default);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext http)
    {
        await http.Request.Body.CopyToAsync(Stream.Null);
        http.Response.ContentType = "text/event-stream";
        var exchange = new Exchange(http.Response);
        Interlocked.Increment(ref _count);
        await _arrived.Writer.WriteAsync(exchange);
        await exchange.Ended.WaitAsync(http.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    /// <summary>One request that is being answered.</summary>
    internal sealed class Exchange(HttpResponse response)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        /// <summary>Cancelled when the gateway has left.</summary>
        public CancellationToken Gone { get; } = response.HttpContext.RequestAborted;

        /// <summary>Writes and hands it to the system.</summary>
        public async Task WriteAsync(string text)
        {
            await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
            await response.Body.FlushAsync();
        }

        public void End() => _ended.TrySetResult();
    }
}
