using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Bench.Load;

/// <summary>The yardstick: the least that a Kestrel server in front of a <see cref="SocketsHttpHandler"/> can do and still pass everything on.</summary>
internal static class Forwarder
{
    public static async Task<int> RunAsync(int port, Uri target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.ListenLocalhost(port);
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = null;
            k.Limits.MinResponseDataRate = null;
        });
        var app = builder.Build();
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false, UseCookies = false, AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
        });
        app.Run(http => ForwardAsync(http, invoker, target));
        await app.RunAsync();
        return 0;
    }

    private static async Task ForwardAsync(HttpContext http, HttpMessageInvoker invoker, Uri target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(target, http.Request.Path + http.Request.QueryString.Value));
        request.Content = new StreamContent(http.Request.Body, 64 * 1024);
        request.Content.Headers.ContentLength = http.Request.ContentLength;
        foreach (var (name, values) in http.Request.Headers)
        {
            if (name is not ("Host" or "Content-Length" or "Transfer-Encoding" or "Connection") && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                request.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        using var response = await invoker.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)response.StatusCode;
        http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        http.Response.ContentLength = response.Content.Headers.ContentLength;
        http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
        await using var body = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        while (true)
        {
            var probe = body.ReadAsync(Memory<byte>.Empty, http.RequestAborted);
            await probe;
            var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
            try
            {
                var read = await body.ReadAsync(buffer, http.RequestAborted);
                if (read == 0)
                {
                    return;
                }

                await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
