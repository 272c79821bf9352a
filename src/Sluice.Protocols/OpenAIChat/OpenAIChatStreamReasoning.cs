using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Reads the reasoning of a stream: plain text, or OpenRouter's <c>reasoning_details</c> (<c>[{"type":"reasoning.text","text":"…","signature":"…","format":"anthropic-claude-v1"}]</c>).</summary>
internal sealed class OpenAIChatStreamReasoning(OpenAIChatStreamParts parts)
{
    /// <summary>Tells one delta's reasoning.</summary>
    /// <param name="thought">Its plain text, null without.</param>
    /// <param name="details"><c>reasoning_details</c> as it came; empty without.</param>
    /// <param name="events">Appended to.</param>
    public void Read(string? thought, ReadOnlySpan<byte> details, List<StreamEvent> events)
    {
        if (details.IsEmpty || details[0] != (byte)'[')
        {
            parts.Thought(thought, events);
            return;
        }

        var reader = StreamValue.At(details);
        var foreign = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                foreign |= Detail(ref reader, ref thought, events);
            }
            else
            {
                reader.Skip();
            }
        }

        parts.Thought(thought, events);
        if (foreign)
        {
            var part = parts.Open(PartShape.Thinking, events);
            events.Add(new StreamEvent.ReasoningDetails(part, RawJson.Copy(details)));
        }
    }

    // One entry of reasoning_details. Claude's become thinking and signatures, which every client's format can carry; true for any other, which
    // only travels verbatim.
    private bool Detail(ref Utf8JsonReader reader, ref string? thought, List<StreamEvent> events)
    {
        string? type = null, text = null, signature = null, blob = null;
        var claude = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                type = StreamValue.TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("summary"u8))
            {
                reader.Read();
                text = StreamValue.TextOrNull(ref reader) ?? text;
            }
            else if (reader.ValueTextEquals("signature"u8))
            {
                reader.Read();
                signature = StreamValue.TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                blob = StreamValue.TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("format"u8))
            {
                reader.Read();
                claude = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("anthropic-claude-v1"u8);
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        if (!claude)
        {
            // "reasoning" usually repeats the text; where it is missing the entry alone has it.
            thought = string.IsNullOrEmpty(thought) ? text : thought;
            return true;
        }

        if (type == "reasoning.encrypted")
        {
            var hidden = parts.Take(events);
            events.Add(new StreamEvent.PartStarted(hidden, PartShape.RedactedThinking) { Data = blob ?? string.Empty });
            events.Add(new StreamEvent.PartEnded(hidden));
            return false;
        }

        parts.Thought(text is { Length: > 0 } ? text : thought, events);
        thought = null;
        if (signature is { Length: > 0 })
        {
            var part = parts.Open(PartShape.Thinking, events);
            events.Add(new StreamEvent.SignatureDelta(part, signature));
            parts.Close(events);
        }

        return false;
    }
}
