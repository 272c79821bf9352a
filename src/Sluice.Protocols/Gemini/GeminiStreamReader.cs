using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Sse;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Reads a streamGenerateContent stream. There is no terminal event: the answer is complete when the upstream closes the stream after a
/// <c>finishReason</c> or a blocked prompt.
/// </summary>
/// <remarks>
/// Gemini signs the part behind the thinking. In neutral events the signature becomes that of a thinking part which stands before the signed
/// part (see <see cref="GeminiThoughts"/>), because all clients bring thinking back and few bring back anything else.
/// </remarks>
internal sealed class GeminiStreamReader : IStreamReader
{
    private readonly PartialArguments _arguments = new();
    private bool _started;
    private bool _ended;
    private int _parts;
    private int _calls;
    private int? _open;
    private PartShape _shape;
    private bool _answered;
    private int _queries;
    private string? _model;
    private string? _finish;
    private string? _block;
    private string _id = "";
    private TokenUsage _usage = TokenUsage.Unknown;

    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        if (_ended || !frame.HasData)
        {
            return;
        }

        // Arguments and opaque parts travel on as they are, and a client must get text.
        var data = Utf8.IsValid(frame.Data.Span) ? frame.Data : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(frame.Data.Span));
        if (data.Span.Trim(" \t\r\n"u8).SequenceEqual("[DONE]"u8))
        {
            // Gateways in between add it.
            return;
        }

        if (_started && TryReadText(data.Span, events))
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(data, GeminiJson.Deep);
            var root = document.RootElement;

            // Some proxies wrap each chunk in a list.
            foreach (var chunk in root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().ToList() : [root])
            {
                ReadChunk(chunk, events);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The provider sent an event whose data is not JSON."));
        }
    }

    /// <summary>Reads one chunk.</summary>
    public void ReadChunk(JsonElement chunk, List<StreamEvent> events)
    {
        if (_ended)
        {
            return;
        }

        if (chunk.ValueKind != JsonValueKind.Object)
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The provider sent an event that is no JSON object."));
            return;
        }

        // Code Assist wraps the answer.
        chunk = GeminiJson.TryGet(chunk, "response", out var inner) && GeminiJson.TryGet(inner, "candidates", out _) ? inner : chunk;
        if (GeminiJson.TryGet(chunk, "error", out _))
        {
            Fail(events, GeminiErrors.ReadInside(chunk));
            return;
        }

        Start(chunk, events);
        if (GeminiJson.TryGet(chunk, "promptFeedback", out var feedback) && BlockReason(feedback) is { } reason)
        {
            _block = GeminiJson.Text(feedback, "blockReasonMessage") is { Length: > 0 } said ? said : $"The prompt was blocked ({reason}).";
        }

        // Further candidates are of no use to a stream of one answer.
        if (GeminiJson.TryGet(chunk, "candidates", out var candidates) && candidates.ValueKind == JsonValueKind.Array)
        {
            foreach (var candidate in candidates.EnumerateArray().Where(c => !GeminiJson.TryGet(c, "index", out var index) || GeminiJson.Integer(index) is null or 0))
            {
                ReadCandidate(candidate, events);
            }
        }

        if (GeminiJson.TryGet(chunk, "usageMetadata", out var usage) && usage.ValueKind == JsonValueKind.Object)
        {
            Report(GeminiUsage.Read(JsonMarshal.GetRawUtf8Value(usage), _usage), events);
        }
    }

    /// <inheritdoc/>
    public void Complete(List<StreamEvent> events)
    {
        if (_ended)
        {
            return;
        }

        if (_finish is null && _block is null)
        {
            Fail(events, new UpstreamError(ErrorKind.BadResponse, "The provider closed the stream without finishReason."));
            return;
        }

        if (_finish is not null && !_answered && GeminiWords.IsBrokenCall(_finish))
        {
            Fail(events, GeminiErrors.BrokenCall(_finish));
            return;
        }

        Close(events);
        if (_finish is null && !_answered)
        {
            Open(PartShape.Refusal, events);
            events.Add(new StreamEvent.TextDelta(_open!.Value, _block!));
            Close(events);
        }

        _ended = true;
        events.Add(new StreamEvent.Stopped(_finish is null ? StopReason.Refusal : GeminiWords.ToStopReason(_finish, _calls > 0), StopSequence: null));
        events.Add(new StreamEvent.Ended());
    }

    /// <summary>The reason word of a blocked prompt; null where it was not blocked.</summary>
    public static string? BlockReason(JsonElement feedback) =>
        !GeminiJson.TryGet(feedback, "blockReason", out var reason) ? null
        : reason.ValueKind == JsonValueKind.String ? reason.GetString() is { Length: > 0 } word && word != "BLOCK_REASON_UNSPECIFIED" ? word : null
        : reason.ValueKind == JsonValueKind.Number && GeminiJson.Integer(reason) is > 0 ? "blocked" : null;

    private bool TryReadText(ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        var chunk = new GeminiTextChunk { Usage = _usage };
        if (!chunk.TryRead(data))
        {
            return false;
        }

        Say(chunk.IsThought ? PartShape.Thinking : PartShape.Text, chunk.Text!, events);
        Report(chunk.Usage, events);
        return true;
    }

    private void Report(TokenUsage counts, List<StreamEvent> events)
    {
        counts = counts.WithSearches(WebSearchReader.Charged(_queries, _model));
        if (!ReferenceEquals(counts, _usage))
        {
            _usage = counts;
            events.Add(new StreamEvent.UsageReported(counts));
        }
    }

    private void Start(JsonElement chunk, List<StreamEvent> events)
    {
        if (_started)
        {
            return;
        }

        _started = true;
        _id = GeminiJson.Text(chunk, "responseId") ?? "";
        _model = GeminiJson.Text(chunk, "modelVersion");
        events.Add(new StreamEvent.Started(_id.Length > 0 ? _id : null, _model, TokenUsage.Unknown));
    }

    private void ReadCandidate(JsonElement candidate, List<StreamEvent> events)
    {
        var hasParts = GeminiJson.TryGet(candidate, "content", out var content) && GeminiJson.TryGet(content, "parts", out var parts) && parts.ValueKind == JsonValueKind.Array;
        var cited = hasParts && !content.GetProperty("parts"u8).EnumerateArray().Any(p => GeminiJson.Text(p, "text") is { Length: > 0 });
        if (cited)
        {
            // The end of a text that was searched for: the signature behind it closes the part that the citations belong to.
            ReadCitations(candidate, events);
        }

        if (hasParts)
        {
            foreach (var part in content.GetProperty("parts"u8).EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object))
            {
                ReadPart(part, events);
            }
        }

        if (!cited)
        {
            ReadCitations(candidate, events);
        }

        _finish = GeminiWords.FinishWord(candidate) ?? _finish;
    }

    private void ReadCitations(JsonElement candidate, List<StreamEvent> events)
    {
        foreach (var name in (ReadOnlySpan<string>)["groundingMetadata", "citationMetadata", "urlContextMetadata"])
        {
            if (!GeminiJson.TryGet(candidate, name, out var cited) || cited.ValueKind != JsonValueKind.Object || !cited.EnumerateObject().Any())
            {
                continue;
            }

            _queries = Math.Max(_queries, GeminiJson.TryGet(cited, "webSearchQueries", out var queries) && queries.ValueKind == JsonValueKind.Array ? queries.GetArrayLength() : 0);
            var json = GeminiMembers.Object(w =>
            {
                w.WritePropertyName(name);
                GeminiJson.Write(w, cited);
            });
            if (_open is { } open && _shape == PartShape.Text)
            {
                events.Add(new StreamEvent.CitationDelta(open, json) { From = WireProtocol.Gemini });
            }
        }
    }

    private void ReadPart(JsonElement part, List<StreamEvent> events)
    {
        var signature = GeminiJson.Text(part, "thoughtSignature");
        if (GeminiJson.TryGet(part, "functionCall", out var call))
        {
            if (call.ValueKind == JsonValueKind.Object)
            {
                ReadCall(call, signature, events);
            }

            return;
        }

        if (GeminiJson.TryGet(part, "text", out var value) && value.ValueKind == JsonValueKind.String)
        {
            var text = LenientText.Read(value);
            if (GeminiJson.IsTrue(part, "thought"))
            {
                Say(PartShape.Thinking, text, events);
                Sign(signature, events);
            }
            else
            {
                Sign(signature, events);
                Say(PartShape.Text, text, events);
            }

            return;
        }

        if (signature is not null && part.EnumerateObject().Count() == 1)
        {
            Sign(signature, events);
            return;
        }

        if (GeminiPartReader.KindOf(part) is "functionCall" or "text" or "part")
        {
            // Null, or of a wrong type: it says nothing.
            return;
        }

        _answered = true;
        Close(events);
        events.Add(new StreamEvent.PartStarted(_parts, PartShape.Opaque) { Json = GeminiJson.Raw(part), From = WireProtocol.Gemini });
        events.Add(new StreamEvent.PartEnded(_parts));
        _parts++;
    }

    private void ReadCall(JsonElement call, string? signature, List<StreamEvent> events)
    {
        _answered = true;
        var continues = GeminiJson.IsTrue(call, "willContinue");
        if (GeminiJson.Text(call, "name") is { Length: > 0 } name)
        {
            Sign(signature, events);
            Open(PartShape.ToolCall, events, GeminiJson.Text(call, "id") is { Length: > 0 } id ? id : GeminiWords.CallId(_id, _calls, name), name, GeminiThoughts.ForChat(signature));
            _calls++;
            _arguments.Clear();
        }
        else if (_open is null || _shape != PartShape.ToolCall)
        {
            return;
        }

        if (GeminiJson.TryGet(call, "partialArgs", out var pieces) && pieces.ValueKind == JsonValueKind.Array)
        {
            foreach (var piece in pieces.EnumerateArray())
            {
                _arguments.Add(piece);
            }
        }

        if (continues)
        {
            return;
        }

        var arguments = _arguments.IsEmpty ? GeminiPartReader.Arguments(call) : _arguments.ToJson();
        events.Add(new StreamEvent.ArgumentsDelta(_open!.Value, arguments.ToString()));
        _arguments.Clear();
        Close(events);
    }

    private void Say(PartShape shape, string text, List<StreamEvent> events)
    {
        if (text.Length == 0)
        {
            return;
        }

        _answered |= shape == PartShape.Text;
        if (_open is null || _shape != shape)
        {
            Open(shape, events);
        }

        events.Add(shape == PartShape.Thinking ? new StreamEvent.ThinkingDelta(_open!.Value, text) : new StreamEvent.TextDelta(_open!.Value, text));
    }

    // The thinking before the signed part, or an empty one in its place.
    private void Sign(string? signature, List<StreamEvent> events)
    {
        if (string.IsNullOrEmpty(signature))
        {
            return;
        }

        if (_open is null || _shape != PartShape.Thinking)
        {
            Open(PartShape.Thinking, events);
        }

        events.Add(new StreamEvent.SignatureDelta(_open!.Value, signature) { SignedBy = WireProtocol.Gemini });
        Close(events);
    }

    private void Open(PartShape shape, List<StreamEvent> events, string? id = null, string? name = null, RawJson extra = default)
    {
        Close(events);
        _open = _parts++;
        _shape = shape;
        events.Add(new StreamEvent.PartStarted(_open.Value, shape) { Id = id, Name = name, Json = extra });
    }

    private void Close(List<StreamEvent> events)
    {
        if (_open is { } open)
        {
            if (_shape == PartShape.ToolCall && !_arguments.IsEmpty)
            {
                // The next part, or the end, came before the call's own closing piece.
                events.Add(new StreamEvent.ArgumentsDelta(open, _arguments.ToJson().ToString()));
            }

            _arguments.Clear();
            events.Add(new StreamEvent.PartEnded(open));
            _open = null;
        }
    }

    private void Fail(List<StreamEvent> events, UpstreamError error)
    {
        _ended = true;
        events.Add(new StreamEvent.Failed(error));
    }
}
