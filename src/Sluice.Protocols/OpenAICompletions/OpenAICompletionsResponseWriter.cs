using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.OpenAICompletions;

/// <summary>Writes a whole <c>text_completion</c>.</summary>
internal static class OpenAICompletionsResponseWriter
{
    /// <summary>Writes <paramref name="response"/> under the model's name that the client sent.</summary>
    public static void Write(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, OpenAIChatJson.Options);
        json.WriteStartObject();
        json.WriteString("id"u8, string.IsNullOrEmpty(response.Id) ? target.ResponseId : response.Id);
        json.WriteString("object"u8, "text_completion"u8);
        json.WriteNumber("created"u8, response.Created ?? target.Created);
        json.WriteString("model"u8, target.Model);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteString("text"u8, Text(response.Parts, degradations));
        json.WriteNumber("index"u8, 0);
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, CompletionParts.FinishFor(response.StopReason));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WritePropertyName("usage"u8);
        OpenAIChatUsage.Write(json, response.Usage, target.EstimatedInputTokens);
        json.WriteEndObject();
        if (response.FurtherChoices.Count > 0)
        {
            degradations.Add("n", DegradationOutcome.Dropped, "Only the first choice of the answer was carried over.");
        }
    }

    private static string Text(IReadOnlyList<ContentPart> parts, DegradationLog degradations)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            switch (part)
            {
                case TextPart { Citations.IsEmpty: false } cited:
                    text.Append(cited.Text);
                    CompletionParts.DropCitations(degradations);
                    break;
                case TextPart shown: text.Append(shown.Text); break;
                case RefusalPart refused: text.Append(refused.Text); break;
                case ThinkingPart: CompletionParts.Drop(PartShape.Thinking, degradations); break;
                case ToolCallPart: CompletionParts.Drop(PartShape.ToolCall, degradations); break;
                case OpaquePart: CompletionParts.Drop(PartShape.Opaque, degradations); break;
                default: break;
            }
        }

        return text.ToString();
    }
}
