using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Sluice.Core.Configuration;

namespace Sluice.Server.Hosting;

/// <summary>How Kestrel and the log are set up.</summary>
internal static class ServerHost
{
    /// <summary>Longest request line, in bytes: paths here are short, a proxy's query may be long.</summary>
    public const int MaxRequestLine = 16 * 1024;

    /// <summary>All request headers together, in bytes. Agents send one to three thousand; cookies and traces of proxies come on top.</summary>
    public const int MaxHeaders = 64 * 1024;

    /// <summary>Number of request headers.</summary>
    public const int MaxHeaderCount = 200;

    /// <summary>How long a client may take for its request line and headers.</summary>
    public static readonly TimeSpan HeadersWithin = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection without a request is kept: longer than the two minutes after which proxies usually drop theirs, so that they close first and never send into a closing one.</summary>
    public static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(130);

    /// <summary>Log to standard error, one line an event.</summary>
    public static ILoggerFactory Loggers(LogLevel lowest) => LoggerFactory.Create(logging =>
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });

        // Standard output belongs to what commands print; logs go beside it.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // A start that fails is told in words by whoever called; the host would add a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        logging.SetMinimumLevel(lowest);
    });

    /// <summary>A host without anything read from files or the environment.</summary>
    public static WebApplicationBuilder Builder(ConfigSnapshot first, Drain drain, ILoggerFactory loggers)
    {
        // Empty: the usual builder reads appsettings files and watches the working folder, where every write to the ledger would wake it.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "sluice" });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls([.. first.Server.Urls]);
        builder.Services.AddRoutingCore();
        builder.WebHost.ConfigureKestrel(Limit);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = drain.CutAfter);
        builder.Services.AddSingleton(loggers);
        return builder;
    }

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaders;
        kestrel.Limits.MaxRequestHeaderCount = MaxHeaderCount;
        kestrel.Limits.RequestHeadersTimeout = HeadersWithin;
        kestrel.Limits.KeepAliveTimeout = IdleConnection;

        // A slow reader of a slow stream is normal here, and the body's own limit is the configuration's.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MaxRequestBodySize = null;

        // Without TLS, which belongs in front of Sluice, HTTP/2 cannot be agreed on.
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http1);
    }
}
