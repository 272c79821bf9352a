using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Puts <c>reasoning_content</c> back into a Chat body that passes natively: one insertion for each turn that lacks it, everything else as it came.
/// </summary>
internal static class ReasoningEdits
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The insertions; none where nothing is missing, or where the body cannot be followed turn by turn.</summary>
    /// <param name="body">The client's whole body.</param>
    /// <param name="read">The same, as its format reads it.</param>
    /// <param name="restored">With the thinking in its places.</param>
    public static IReadOnlyList<BodyEdit> Of(ReadOnlySpan<byte> body, ConversationRequest read, ConversationRequest restored)
    {
        if (ReferenceEquals(read, restored))
        {
            return [];
        }

        var turns = Turns(body);
        var edits = new List<BodyEdit>();
        var turn = 0;
        for (var i = 0; i < read.Messages.Count; i++)
        {
            if (read.Messages[i].Role != Role.Assistant)
            {
                continue;
            }

            if (turn >= turns.Count)
            {
                return [];
            }

            var (start, hasReasoning) = turns[turn++];
            if (!hasReasoning && !ReferenceEquals(read.Messages[i], restored.Messages[i])
                && string.Concat(restored.Messages[i].Parts.OfType<ThinkingPart>().Select(t => t.Text)) is { Length: > 0 } text)
            {
                edits.Add(new BodyEdit(new BodySpan(start, 0), Member(text)));
            }
        }

        // A turn that the format reads as two, or not at all: then none can be told from its neighbours.
        return turn == turns.Count ? edits : [];
    }

    // Of each assistant message the place behind its brace, and whether it brings reasoning of its own.
    private static List<(int Start, bool HasReasoning)> Turns(ReadOnlySpan<byte> body)
    {
        var turns = new List<(int, bool)>();
        var reader = new Utf8JsonReader(body, Deep);
        var inMessages = false;
        var start = 0;
        bool assistant = false, reasoning = false;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName when reader.CurrentDepth == 1:
                    inMessages = reader.ValueTextEquals("messages"u8);
                    break;
                case JsonTokenType.StartObject when inMessages && reader.CurrentDepth == 2:
                    start = (int)reader.BytesConsumed;
                    assistant = reasoning = false;
                    break;
                case JsonTokenType.EndObject when inMessages && reader.CurrentDepth == 2 && assistant:
                    turns.Add((start, reasoning));
                    break;
                case JsonTokenType.PropertyName when inMessages && reader.CurrentDepth == 3:
                    reasoning |= reader.ValueTextEquals("reasoning_content"u8);
                    var role = reader.ValueTextEquals("role"u8);
                    reader.Read();
                    assistant |= role && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("assistant"u8);
                    reader.Skip();
                    break;
            }
        }

        return turns;
    }

    // "reasoning_content":"…", — the message has members behind it, its role at least.
    private static byte[] Member(string text)
    {
        var buffer = new ArrayBufferWriter<byte>(text.Length + 32);
        buffer.Write("\"reasoning_content\":"u8);
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStringValue(text);
        }

        buffer.Write(","u8);
        return buffer.WrittenSpan.ToArray();
    }
}
