using System.Text;
using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Testing;

namespace Sluice.Server.Tests.Kit;

/// <summary>What a client received, read by code that shares nothing with the product (but for the grammars, which are asked for a second opinion).</summary>
internal sealed class ClientAnswer
{
    private ClientAnswer(int status, IReadOnlyDictionary<string, string> headers, byte[] body, bool cut)
    {
        Status = status;
        Headers = headers;
        Body = body;
        IsCut = cut;
    }

    public int Status { get; }

    public IReadOnlyDictionary<string, string> Headers { get; }

    public byte[] Body { get; }

    /// <summary>The connection broke before the body's end.</summary>
    public bool IsCut { get; }

    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.Clone();
        }
    }

    public bool IsStream => Header("content-type")?.StartsWith("text/event-stream", StringComparison.Ordinal) ?? false;

    public string Id => Headers["x-sluice-request-id"];

    public string? Header(string name) => Headers.TryGetValue(name, out var value) ? value : null;

    public static async Task<ClientAnswer> ReadAsync(HttpResponseMessage response)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            headers[name] = string.Join(", ", values);
        }

        using var body = new MemoryStream();
        var cut = false;
        try
        {
            await response.Content.CopyToAsync(body);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cut = true;
        }

        return new ClientAnswer((int)response.StatusCode, headers, body.ToArray(), cut);
    }

    /// <summary>The stream's events.</summary>
    public List<(string Event, byte[] Data, byte[] Raw)> Events => SseSplitter.Split(Body);

    /// <summary>Data of the events that are JSON.</summary>
    public List<JsonElement> Frames
    {
        get
        {
            var frames = new List<JsonElement>();
            foreach (var (_, data, _) in Events)
            {
                if (data.Length > 0 && data[0] == (byte)'{')
                {
                    using var document = JsonDocument.Parse(data);
                    frames.Add(document.RootElement.Clone());
                }
            }

            return frames;
        }
    }

    /// <summary>Null when the stream is legal and whole, else what is wrong.</summary>
    public string? Violation(Wire wire)
    {
        var grammar = WireFormats.Of(Wires.ProtocolOf(wire)).CreateGrammar();
        foreach (var (name, data, raw) in Events)
        {
            if (grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)) is { } illegal)
            {
                return illegal;
            }
        }

        return grammar.Complete();
    }

    /// <summary>All that the answer says, streamed or whole.</summary>
    public AnswerReading Read(Wire wire)
    {
        var reading = new AnswerReading();
        if (!IsStream)
        {
            Wires.Of(wire).ReadWhole(Json, reading);
            return reading;
        }

        foreach (var frame in Frames)
        {
            Wires.Of(wire).ReadEvent(frame, reading);
        }

        return reading;
    }

    /// <summary>All text of the answer.</summary>
    public string AnswerText(Wire wire) => Read(wire).Text.ToString();

    /// <summary>The stream's error, where it ended with one.</summary>
    public ErrorRead? StreamError(Wire wire) => Read(wire).Error;

    /// <summary>The body's error; fails where it has not the wire's own shape.</summary>
    public ErrorRead Error(Wire wire)
    {
        var error = Wires.Of(wire).ErrorOf(Json);
        Assert.True(error is not null, $"Not {wire}'s shape: {Text}");
        return error;
    }

    /// <summary>The stream says that the answer is complete.</summary>
    public bool EndsWell(Wire wire) => Read(wire).Ended;

    /// <summary>Concatenated arguments of every tool call, complete or not, in order of their index.</summary>
    public List<string> ToolArguments(Wire wire) => [.. Read(wire).Calls.Select(c => c.Arguments)];

    /// <summary>Input and output tokens as the client is told them, caches included; null where nothing was said.</summary>
    public (long Input, long Output)? Usage(Wire wire) => Read(wire).Usage;
}
