using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Configuration;
using Sluice.Core.Nodes;

namespace Sluice.Server.Operations;

/// <summary><c>/healthz</c>: the process runs. <c>/readyz</c>: it serves, and what is not as it should be: the last change of the configuration was not taken, the database is away. <c>/status</c>: how providers and models stand.</summary>
internal sealed class OperationsApi(ConfigWatcher configuration, PublicStatus status, ISharedStore? shared, Func<bool> stopping)
{
    /// <summary>The path is one of these; matched before any prefix rule.</summary>
    public static bool Matches(string path) => path is "/healthz" or "/readyz" or "/status";

    /// <summary>Answers when the path is one of these.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/healthz":
                http.Response.ContentType = "text/plain";
                await http.Response.WriteAsync("ok\n", http.RequestAborted);
                return true;
            case "/readyz":
                await ReadyAsync(http);
                return true;
            case "/status":
                http.Response.ContentType = "application/json";
                await http.Response.BodyWriter.WriteAsync(status.Read(), http.RequestAborted);
                return true;
            default:
                return false;
        }
    }

    private async Task ReadyAsync(HttpContext http)
    {
        var leaving = stopping();
        http.Response.StatusCode = leaving ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        http.Response.ContentType = "application/json";
        Write(http.Response.BodyWriter, leaving);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private void Write(IBufferWriter<byte> output, bool leaving)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        var isAway = shared?.Standing.AwaySince is not null;
        json.WriteString("status"u8, leaving ? "stopping"u8 : isAway ? "degraded"u8 : "ready"u8);
        if (isAway)
        {
            // A balancer that took this node out for it would take out all of them. Anybody may ask here: the driver's words name users and hosts.
            json.WriteString("reason"u8, "The database cannot be reached; the log and `sluice status` say why."u8);
        }

        json.WriteNumber("providers"u8, configuration.Current.Providers.Count);
        json.WriteStartArray("configuration_errors"u8);
        foreach (var error in configuration.LastErrors)
        {
            json.WriteStringValue(error.ToString());
        }

        foreach (var fault in configuration.LastFaults)
        {
            json.WriteStringValue(fault);
        }

        json.WriteEndArray();
        json.WriteStartArray("configuration_warnings"u8);
        foreach (var warning in configuration.Current.Warnings)
        {
            json.WriteStringValue(warning);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
