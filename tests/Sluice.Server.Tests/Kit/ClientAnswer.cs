using System.Text;
using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;
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

    /// <summary>All text of the answer, streamed or whole.</summary>
    public string AnswerText(Wire wire) => IsStream ? StreamedText(wire) : WholeText(wire);

    /// <summary>The stream's error, where it ended with one.</summary>
    public JsonElement? StreamError(Wire wire)
    {
        foreach (var frame in Frames)
        {
            if (wire == Wire.Anthropic ? frame.GetProperty("type").GetString() == "error" : frame.TryGetProperty("error", out _))
            {
                return frame.GetProperty("error");
            }
        }

        return null;
    }

    /// <summary>The stream says that the answer is complete.</summary>
    public bool EndsWell(Wire wire) => wire == Wire.Anthropic
        ? Frames.Any(f => f.GetProperty("type").GetString() == "message_stop")
        : Frames.Any(f => f.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0
            && choices[0].TryGetProperty("finish_reason", out var reason) && reason.ValueKind == JsonValueKind.String);

    /// <summary>Concatenated arguments of every tool call, complete or not, in order of their index.</summary>
    public List<string> ToolArguments(Wire wire)
    {
        var calls = new SortedDictionary<int, StringBuilder>();
        foreach (var frame in Frames)
        {
            if (wire == Wire.Anthropic && frame.GetProperty("type").GetString() == "content_block_delta"
                && frame.GetProperty("delta").TryGetProperty("partial_json", out var json))
            {
                Append(calls, frame.GetProperty("index").GetInt32(), json.GetString()!);
            }
            else if (wire == Wire.Chat && frame.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0
                && choices[0].GetProperty("delta").TryGetProperty("tool_calls", out var tools))
            {
                foreach (var tool in tools.EnumerateArray())
                {
                    Append(calls, tool.GetProperty("index").GetInt32(), tool.GetProperty("function").TryGetProperty("arguments", out var part) ? part.GetString()! : "");
                }
            }
        }

        return [.. calls.Values.Select(c => c.ToString())];
    }

    /// <summary>Input and output tokens as the client is told them, caches included; null where nothing was said.</summary>
    public (long Input, long Output)? Usage(Wire wire)
    {
        (long, long)? found = null;
        long input = 0;
        foreach (var frame in IsStream ? Frames : [Json])
        {
            if (wire == Wire.Chat)
            {
                if (frame.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
                {
                    found = (usage.GetProperty("prompt_tokens").GetInt64(), usage.GetProperty("completion_tokens").GetInt64());
                }
            }
            else
            {
                var holder = frame.TryGetProperty("message", out var message) ? message : frame;
                if (holder.TryGetProperty("usage", out var usage))
                {
                    // The closing event may correct what the start estimated, or say nothing of it.
                    var said = Number(usage, "input_tokens") + Number(usage, "cache_read_input_tokens") + Number(usage, "cache_creation_input_tokens");
                    input = said > 0 ? said : input;
                    found = (input, Number(usage, "output_tokens"));
                }
            }
        }

        return found;
    }

    private static long Number(JsonElement usage, string name) =>
        usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;

    private static void Append(SortedDictionary<int, StringBuilder> calls, int index, string part)
    {
        if (!calls.TryGetValue(index, out var call))
        {
            calls[index] = call = new StringBuilder();
        }

        call.Append(part);
    }

    private string WholeText(Wire wire)
    {
        if (wire == Wire.Chat)
        {
            return Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString() ?? "";
        }

        var text = new StringBuilder();
        foreach (var block in Json.GetProperty("content").EnumerateArray())
        {
            text.Append(block.GetProperty("type").GetString() == "text" ? block.GetProperty("text").GetString() : "");
        }

        return text.ToString();
    }

    private string StreamedText(Wire wire)
    {
        var text = new StringBuilder();
        foreach (var frame in Frames)
        {
            if (wire == Wire.Anthropic)
            {
                if (frame.GetProperty("type").GetString() == "content_block_delta" && frame.GetProperty("delta").TryGetProperty("text", out var piece))
                {
                    text.Append(piece.GetString());
                }
            }
            else if (frame.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0
                && choices[0].TryGetProperty("delta", out var delta) && delta.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String)
            {
                text.Append(content.GetString());
            }
        }

        return text.ToString();
    }
}
