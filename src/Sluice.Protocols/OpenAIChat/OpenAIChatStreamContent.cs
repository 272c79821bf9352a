using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Reads what a stream says to people: text in its several shapes, thinking between tags in it, refusals, citations, a transcript of sound.</summary>
internal sealed class OpenAIChatStreamContent(ChatDialect dialect, OpenAIChatStreamParts parts, OpenAIChatStreamCalls calls)
{
    // Most chunks are the one before with another text: what stands around it is remembered, and such a chunk is not parsed again.
    private readonly ChatChunkTemplate _template = new();
    private Range? _plainText;

    private readonly ThinkTagSplitter? _tags = dialect.ThinkTagsInText ? new ThinkTagSplitter() : null;

    /// <summary>The model refused.</summary>
    public bool Refused { get; private set; }

    /// <summary>Tells the text of a chunk that is the one before with another text; false where it is not.</summary>
    public bool TryRepeat(ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        _plainText = null;
        var length = _tags is null && parts.OpenText >= 0 ? _template.Match(data) : 0;
        if (length <= 0)
        {
            return false;
        }

        events.Add(new StreamEvent.TextDelta(parts.OpenText, Unquote(data.Slice(_template.TextStart - 1, length + 2))));
        return true;
    }

    /// <summary>Remembers what stood around the text of a chunk that was read.</summary>
    /// <param name="data">The chunk.</param>
    /// <param name="saidTextAlone">Nothing else came of it.</param>
    public void Learn(ReadOnlySpan<byte> data, bool saidTextAlone) => _template.Learn(data, saidTextAlone ? _plainText : null);

    /// <summary>Tells what was held back in case a tag followed.</summary>
    public void End(List<StreamEvent> events)
    {
        if (_tags is not null)
        {
            var (thinking, text) = _tags.Rest();
            parts.Thought(thinking, events);
            if (text.Length > 0)
            {
                events.Add(new StreamEvent.TextDelta(parts.Open(PartShape.Text, events), text));
            }
        }
    }

    /// <summary><c>content</c>: text, or a list of parts.</summary>
    /// <param name="data">The chunk.</param>
    /// <param name="place">Where in it the value stands.</param>
    /// <param name="events">Appended to.</param>
    public void Read(ReadOnlySpan<byte> data, Range place, List<StreamEvent> events)
    {
        var (start, length) = place.GetOffsetAndLength(data.Length);
        if (length > 2 && data[start] == (byte)'"')
        {
            _plainText = (start + 1)..(start + length - 1);
        }

        Content(data[place], events);
    }

    private static string Unquote(ReadOnlySpan<byte> quoted)
    {
        if (quoted.IndexOf((byte)'\\') < 0)
        {
            return Encoding.UTF8.GetString(quoted[1..^1]);
        }

        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        return LenientText.Read(ref reader);
    }

    private void Content(ReadOnlySpan<byte> content, List<StreamEvent> events)
    {
        if (content.Length <= 2)
        {
            // Absent, null or "".
            return;
        }

        var reader = StreamValue.At(content);
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                Text(LenientText.Read(ref reader), events);
                break;
            case JsonTokenType.StartArray:
                // Mistral: [{"type":"thinking","thinking":[{"type":"text","text":"…"}]},{"type":"text","text":"…"}]
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (reader.TokenType == JsonTokenType.StartObject)
                    {
                        ContentPart(ref reader, events);
                    }
                    else
                    {
                        Text(StreamValue.TextOrNull(ref reader) ?? string.Empty, events);
                    }
                }

                break;
            case JsonTokenType.StartObject:
                // Cloudflare sends structured output as an object.
                Text(Encoding.UTF8.GetString(content), events);
                break;
            default:
                break;
        }
    }

    private void ContentPart(ref Utf8JsonReader reader, List<StreamEvent> events)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                Text(StreamValue.TextOrNull(ref reader) ?? string.Empty, events);
            }
            else if (reader.ValueTextEquals("thinking"u8))
            {
                reader.Read();
                ThinkingTexts(ref reader, events);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ThinkingTexts(ref Utf8JsonReader reader, List<StreamEvent> events)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            parts.Thought(LenientText.Read(ref reader), events);
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isText = reader.ValueTextEquals("text"u8);
                reader.Read();
                if (isText)
                {
                    parts.Thought(StreamValue.TextOrNull(ref reader), events);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    /// <summary>Text that is not in a list.</summary>
    public void Text(string text, List<StreamEvent> events)
    {
        if (_tags is not null)
        {
            (var thinking, text) = _tags.Split(text);
            parts.Thought(thinking, events);
        }

        if (text.Length > 0)
        {
            calls.EndWhole(events);
            events.Add(new StreamEvent.TextDelta(parts.Open(PartShape.Text, events), text));
        }
    }

    /// <summary>Sound has no neutral form in an answer; its transcript is text.</summary>
    public void Audio(ReadOnlySpan<byte> audio, List<StreamEvent> events)
    {
        if (audio.IsEmpty || audio[0] != (byte)'{')
        {
            return;
        }

        parts.SawContent = true;
        var reader = StreamValue.At(audio);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTranscript = reader.ValueTextEquals("transcript"u8);
            reader.Read();
            if (isTranscript)
            {
                Text(StreamValue.TextOrNull(ref reader) ?? string.Empty, events);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary><c>refusal</c></summary>
    public void Refusal(ReadOnlySpan<byte> refusal, List<StreamEvent> events)
    {
        if (refusal.Length <= 2)
        {
            return;
        }

        var reader = StreamValue.At(refusal);
        if (StreamValue.TextOrNull(ref reader) is { } text)
        {
            Refused = true;
            events.Add(new StreamEvent.TextDelta(parts.Open(PartShape.Refusal, events), text));
        }
    }

    /// <summary><c>annotations</c>: citations of the text.</summary>
    public void Annotations(ReadOnlySpan<byte> annotations, List<StreamEvent> events)
    {
        if (annotations.IsEmpty || annotations[0] != (byte)'[')
        {
            return;
        }

        var reader = StreamValue.At(annotations);
        var part = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            part = part >= 0 ? part : parts.Open(PartShape.Text, events);
            events.Add(new StreamEvent.CitationDelta(part, RawJson.CopyValue(ref reader, annotations)));
        }
    }
}
