using System.Buffers;
using System.Text.Json;
using Sluice.Core.Health;
using Sluice.Core.Routing;

namespace Sluice.Server.Operations;

/// <summary>
/// <c>/status</c>: how providers and models stand, for anybody who may reach the port. No keys, no addresses, no numbers of requests; the
/// shape is in docs/health.md. Made at most once a second, however often it is asked for.
/// </summary>
internal sealed class PublicStatus(HealthReader health, TimeProvider time)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(1);
    private static readonly (HealthWindow Window, string Name)[] Windows = [(HealthWindow.FiveMinutes, "5m"), (HealthWindow.HalfHour, "30m"), (HealthWindow.Day, "1d")];

    private volatile Page _page = new(DateTimeOffset.MinValue, default);

    /// <summary>The JSON.</summary>
    public ReadOnlyMemory<byte> Read()
    {
        var now = time.GetUtcNow();
        var page = _page;
        if (now < page.At || now - page.At >= KeptFor)
        {
            _page = page = new Page(now, Write(now));
        }

        return page.Json;
    }

    private ReadOnlyMemory<byte> Write(DateTimeOffset now)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(output);
        var providers = health.Read();
        var endpoints = providers.SelectMany(p => p.Endpoints).ToList();
        json.WriteStartObject();
        json.WriteString("status"u8, endpoints.All(e => e.State == "ok") ? "ok"u8 : endpoints.Exists(e => e.IsUsed) ? "degraded"u8 : "down"u8);
        json.WriteString("at"u8, now);
        json.WriteStartArray("providers"u8);
        foreach (var provider in providers)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, provider.Provider.Name);
            json.WriteString("state"u8, provider.State);
            WriteUptime(json, provider.Count);
            json.WriteStartArray("models"u8);
            foreach (var endpoint in provider.Endpoints)
            {
                WriteModel(json, endpoint);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return output.WrittenMemory;
    }

    private static void WriteModel(Utf8JsonWriter json, EndpointStanding endpoint)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, endpoint.Endpoint.Model.Id);
        json.WriteString("state"u8, endpoint.State);
        json.WriteString("circuit"u8, CircuitNames.Of(endpoint.Circuit));
        WriteTime(json, "open_until", endpoint.OpenUntil);
        WriteTime(json, "cooling_until", endpoint.CoolingUntil);
        WriteUptime(json, endpoint.Place.Count);
        if (endpoint.Place.Speed() is { } speed)
        {
            json.WriteStartObject("speed"u8);
            json.WriteNumber("first_token_seconds"u8, Math.Round(speed.FirstTokenSeconds, 3));
            json.WriteNumber("tokens_per_second"u8, Math.Round(speed.TokensPerSecond, 1));
            WritePercentiles(json, "latency", speed.Latency, 3);
            WritePercentiles(json, "throughput", speed.Throughput, 1);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("speed"u8);
        }

        json.WriteEndObject();
    }

    private static void WriteUptime(Utf8JsonWriter json, Func<HealthWindow, OutcomeCounts> count)
    {
        json.WriteStartObject("uptime"u8);
        foreach (var (window, name) in Windows)
        {
            WriteNumber(json, name, count(window).Uptime, 4);
        }

        json.WriteEndObject();
    }

    private static void WritePercentiles(Utf8JsonWriter json, string name, Percentiles values, int digits)
    {
        json.WriteStartObject(name);
        WriteNumber(json, "p50", values.P50, digits);
        WriteNumber(json, "p75", values.P75, digits);
        WriteNumber(json, "p90", values.P90, digits);
        WriteNumber(json, "p99", values.P99, digits);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? value, int digits)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, Math.Round(number, digits));
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? value)
    {
        if (value is { } time)
        {
            json.WriteString(name, time);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private sealed record Page(DateTimeOffset At, ReadOnlyMemory<byte> Json);
}
