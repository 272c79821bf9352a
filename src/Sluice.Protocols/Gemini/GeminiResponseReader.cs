using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Gemini;

/// <summary>Reads a whole generateContent answer, or the list that streamGenerateContent sends where nobody asked for events.</summary>
internal static class GeminiResponseReader
{
    /// <summary>Reads a body that came with a success status; an error inside it comes back as the error.</summary>
    public static Parsed<ConversationResponse> Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            // Arguments travel on as they are, and a client must get text.
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));
        }

        try
        {
            using var document = JsonDocument.Parse(body, GeminiJson.Deep);
            var root = document.RootElement;
            var chunks = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray().ToList() : [root];
            if (chunks.Count == 0 || chunks.Exists(c => c.ValueKind != JsonValueKind.Object))
            {
                return new UpstreamError(ErrorKind.BadResponse, "The provider's answer is JSON, but no object.");
            }

            var failed = chunks.FindIndex(c => GeminiJson.TryGet(c, "error", out _));
            return failed >= 0 ? GeminiErrors.ReadInside(chunks[failed]) : new Answer().Read(chunks);
        }
        catch (JsonException e)
        {
            return new UpstreamError(ErrorKind.BadResponse, "The provider's answer is not JSON: " + e.Message);
        }
        catch (InvalidOperationException)
        {
            return new UpstreamError(ErrorKind.BadResponse, "The provider's answer holds a name that is not valid Unicode.");
        }
    }

    private sealed class Answer
    {
        private readonly List<ContentPart> _parts = [];
        private readonly List<RawJson> _further = [];
        private readonly List<ExtraMember> _extras = [];
        private string? _id;
        private string? _model;
        private string? _finish;
        private string? _block;
        private TokenUsage _usage = TokenUsage.Unknown;
        private int _calls;
        private int _queries;

        public Parsed<ConversationResponse> Read(List<JsonElement> chunks)
        {
            var sawCandidate = false;
            foreach (var chunk in chunks)
            {
                _id ??= GeminiJson.Text(chunk, "responseId");
                _model ??= GeminiJson.Text(chunk, "modelVersion");
                if (GeminiJson.TryGet(chunk, "usageMetadata", out var usage))
                {
                    _usage = GeminiUsage.Read(JsonMarshal.GetRawUtf8Value(usage), _usage);
                }

                if (GeminiJson.TryGet(chunk, "promptFeedback", out var feedback) && GeminiStreamReader.BlockReason(feedback) is { } reason)
                {
                    _block = GeminiJson.Text(feedback, "blockReasonMessage") is { Length: > 0 } said ? said : $"The prompt was blocked ({reason}).";
                }

                if (GeminiJson.TryGet(chunk, "candidates", out var candidates) && candidates.ValueKind == JsonValueKind.Array)
                {
                    foreach (var candidate in candidates.EnumerateArray())
                    {
                        sawCandidate = true;
                        ReadCandidate(candidate);
                    }
                }
            }

            if (!sawCandidate && _block is null)
            {
                return new UpstreamError(ErrorKind.BadResponse, "The provider's answer has no candidates.");
            }

            if (_parts.TrueForAll(p => p is ThinkingPart) && _finish is not null && GeminiWords.IsBrokenCall(_finish))
            {
                return GeminiErrors.BrokenCall(_finish);
            }

            if (_block is not null && _parts.Count == 0)
            {
                _parts.Add(new RefusalPart(_block));
            }

            return new ConversationResponse
            {
                Id = _id,
                Model = _model,
                Parts = _parts,
                StopReason = _finish is null && _block is not null ? StopReason.Refusal : GeminiWords.ToStopReason(_finish ?? "STOP", _calls > 0),
                Usage = _usage.WithSearches(WebSearchReader.Charged(_queries, _model)),
                FurtherChoices = _further,
                Extras = _extras,
            };
        }

        private void ReadCandidate(JsonElement candidate)
        {
            if (GeminiJson.TryGet(candidate, "index", out var index) && GeminiJson.Integer(index) is > 0)
            {
                _further.Add(GeminiJson.Raw(candidate));
                return;
            }

            if (GeminiJson.TryGet(candidate, "content", out var content) && GeminiJson.TryGet(content, "parts", out var parts) && parts.ValueKind == JsonValueKind.Array)
            {
                foreach (var part in parts.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object))
                {
                    ReadPart(part);
                }
            }

            _finish = GeminiWords.FinishWord(candidate) ?? _finish;
            foreach (var name in (ReadOnlySpan<string>)["groundingMetadata", "citationMetadata", "urlContextMetadata"])
            {
                if (GeminiJson.TryGet(candidate, name, out var cited) && cited.ValueKind == JsonValueKind.Object && cited.EnumerateObject().Any())
                {
                    Cite(name, cited);
                }
            }
        }

        private void ReadPart(JsonElement part)
        {
            if (GeminiJson.TryGet(part, "functionCall", out var call) && call.ValueKind == JsonValueKind.Object)
            {
                var name = GeminiJson.Text(call, "name") ?? "";
                var signature = GeminiJson.Text(part, "thoughtSignature");
                var id = GeminiJson.Text(call, "id") is { Length: > 0 } given ? given : GeminiWords.CallId(_id ?? "", _calls, name);
                _calls++;
                GeminiThoughts.Add(new ToolCallPart(id, name, GeminiPartReader.Arguments(call)) { Signature = signature, SignedBy = WireProtocol.Gemini, Extra = GeminiThoughts.ForChat(signature) }, _parts);
                return;
            }

            var read = GeminiPartReader.Read(part);

            // Chunks of one text are one part.
            switch (read, _parts.Count > 0 ? _parts[^1] : null)
            {
                case (TextPart { Signature: null } more, TextPart { Signature: null } text):
                    _parts[^1] = text with { Text = text.Text + more.Text };
                    break;
                case (ThinkingPart { Signature: null } more, ThinkingPart { Signature: null } thinking):
                    _parts[^1] = thinking with { Text = thinking.Text + more.Text };
                    break;
                case (TextPart { Signature: null, Text.Length: 0 }, _):
                    break;
                default:
                    GeminiThoughts.Add(read, _parts);
                    break;
            }
        }

        // Offsets count from the first byte of the answer's text; without text there is nothing to cite.
        private void Cite(string name, JsonElement cited)
        {
            _queries = Math.Max(_queries, GeminiJson.TryGet(cited, "webSearchQueries", out var queries) && queries.ValueKind == JsonValueKind.Array ? queries.GetArrayLength() : 0);
            var at = _parts.FindLastIndex(p => p is TextPart);
            if (at < 0)
            {
                return;
            }

            var text = (TextPart)_parts[at];
            var entry = GeminiMembers.Object(json =>
            {
                json.WritePropertyName(name);
                GeminiJson.Write(json, cited);
            });
            var before = text.Citations.IsEmpty ? "" : text.Citations.ToString()[1..^1] + ",";
            _parts[at] = text with { Citations = RawJson.FromText("[" + before + entry + "]"), CitationsFrom = WireProtocol.Gemini };
        }
    }
}
