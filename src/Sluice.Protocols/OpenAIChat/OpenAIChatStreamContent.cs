using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Reads what a stream says to people: text in its several shapes, thinking between tags in it, refusals, citations, a transcript of sound.</summary>
internal sealed class OpenAIChatStreamContent(ChatDialect dialect, OpenAIChatStreamParts parts, OpenAIChatStreamCalls calls)
{
    private readonly ThinkTagSplitter? _tags = dialect.ThinkTagsInText ? new ThinkTagSplitter() : null;

    /// <summary>The model refused.</summary>
    public bool Refused { get; private set; }

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
    public void Content(ReadOnlySpan<byte> content, List<StreamEvent> events)
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
