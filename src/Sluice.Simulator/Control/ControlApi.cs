using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Wires;

namespace Sluice.Simulator.Control;

/// <summary>
/// Script, record and gauge over HTTP, for a simulator in another process. Not part of any vendor's surface and never recorded.
/// <c>GET /_sim/requests[?after=N]</c>, <c>DELETE /_sim/requests</c>, <c>GET /_sim/gauge</c>,
/// <c>POST /_sim/faults {"fault":"429;retry-after=3","times":1,"every":null,"probability":null,"model":null,"credential":null}</c> (without <c>times</c>: until cleared),
/// <c>POST /_sim/replays {"body":"BASE64","status":200,"contentType":"…","chunkLengths":[…],"model":null,"times":1}</c>, <c>DELETE /_sim/script</c>.
/// </summary>
internal sealed class ControlApi(SimulatorScript script, SimulatorRecord record)
{
    public async Task HandleAsync(HttpContext context)
    {
        var (status, body) = (context.Request.Method, context.Request.Path.Value) switch
        {
            ("GET", "/_sim/requests") => (200, Requests(long.TryParse(context.Request.Query["after"], System.Globalization.CultureInfo.InvariantCulture, out var after) ? after : 0)),
            ("GET", "/_sim/gauge") => (200, Gauge()),
            ("DELETE", "/_sim/requests") => Done(record.Clear),
            ("DELETE", "/_sim/script") => Done(script.Clear),
            ("POST", "/_sim/faults") => await ReadAsync(context, AddFault),
            ("POST", "/_sim/replays") => await ReadAsync(context, AddReplay),
            _ => (404, Problem("no such control")),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static (int, byte[]) Done(Action act)
    {
        act();
        return (200, "{}"u8.ToArray());
    }

    private static byte[] Problem(string text) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("error"u8, text);
        w.WriteEndObject();
    });

    private static async Task<(int, byte[])> ReadAsync(HttpContext context, Func<JsonElement, string?> act)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            return act(document.RootElement) is { } problem ? (400, Problem(problem)) : (200, "{}"u8.ToArray());
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return (400, Problem(e.Message));
        }
    }

    private string? AddFault(JsonElement body)
    {
        if (body.Text("fault") is not { } text || !Fault.TryParse(text, out var fault))
        {
            return "fault: unknown or missing";
        }

        var (model, credential) = (body.Text("model"), body.Text("credential"));
        if (body.Integer("every") is > 0 and { } nth)
        {
            script.EveryNth(nth, fault, model, credential);
        }
        else if (body.Member("probability") is { ValueKind: JsonValueKind.Number } probability)
        {
            script.WithProbability(probability.GetDouble(), fault, model, credential);
        }
        else if (body.Integer("times") is { } times)
        {
            script.Enqueue(fault, times, model, credential);
        }
        else
        {
            script.Always(fault, model, credential);
        }

        return null;
    }

    private string? AddReplay(JsonElement body)
    {
        if (body.Text("body") is not { } bytes)
        {
            return "body: missing";
        }

        var usual = new ReplayAnswer { Body = Convert.FromBase64String(bytes) };
        script.Replay(usual with
        {
            Status = body.Integer("status") ?? usual.Status,
            ContentType = body.Text("contentType") ?? usual.ContentType,
            ChunkLengths = body.Member("chunkLengths") is { ValueKind: JsonValueKind.Array } lengths ? [.. lengths.EnumerateArray().Select(static l => l.GetInt32())] : null,
        }, body.Text("model"), body.Integer("times"));
        return null;
    }

    private byte[] Gauge() => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteNumber("count"u8, record.Count);
        w.WriteNumber("inFlight"u8, record.InFlight);
        w.WriteNumber("maxInFlight"u8, record.MaxInFlight);
        w.WriteEndObject();
    });

    private byte[] Requests(long after) => Json.Bytes(w =>
    {
        w.WriteStartArray();
        foreach (var request in record.Requests.Where(r => r.Number > after))
        {
            Request(w, request);
        }

        w.WriteEndArray();
    });

    private static void Request(Utf8JsonWriter w, ReceivedRequest request)
    {
        w.WriteStartObject();
        w.WriteNumber("number"u8, request.Number);
        w.WriteString("method"u8, request.Method);
        w.WriteString("path"u8, request.Path);
        w.WriteString("query"u8, request.Query);
        w.WriteStartArray("headers"u8);
        foreach (var (name, value) in request.Headers)
        {
            w.WriteStartArray();
            w.WriteStringValue(name);
            w.WriteStringValue(value);
            w.WriteEndArray();
        }

        w.WriteEndArray();
        w.WriteString("credential"u8, request.Credential);
        w.WriteString("model"u8, request.Model);
        if (request.Body is { } body)
        {
            w.WriteBase64String("body"u8, body);
        }
        else
        {
            w.WriteNull("body"u8);
        }

        w.WriteString("arrivedAt"u8, request.ArrivedAt);
        w.WriteNumber("status"u8, request.Status);
        w.WriteString("fault"u8, request.Fault?.Kind.ToString());
        w.WriteNumber("bytesSent"u8, request.BytesSent);
        w.WriteString("end"u8, request.End.ToString());
        if (request.ClientGoneAt is { } gone)
        {
            w.WriteString("clientGoneAt"u8, gone);
        }

        w.WriteEndObject();
    }
}
