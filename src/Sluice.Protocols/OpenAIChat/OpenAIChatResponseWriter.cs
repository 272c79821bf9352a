using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Writes a whole Chat answer.</summary>
internal static class OpenAIChatResponseWriter
{
    /// <summary>Writes <paramref name="response"/> under the model's name that the client sent.</summary>
    public static void Write(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, OpenAIChatJson.Options);
        json.WriteStartObject();
        json.WriteString("id"u8, string.IsNullOrEmpty(response.Id) ? target.ResponseId : response.Id);
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, response.Created ?? target.Created);
        json.WriteString("model"u8, target.Model);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        WriteMessage(json, response.Parts, degradations);
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, Finish(response));
        json.WriteEndObject();
        foreach (var further in response.FurtherChoices)
        {
            further.WriteTo(json);
        }

        json.WriteEndArray();
        json.WritePropertyName("usage"u8);
        OpenAIChatUsage.Write(json, response.Usage, target.EstimatedInputTokens);
        WriteExtras(json, response);
        json.WriteEndObject();
    }

    private static JsonEncodedText Finish(ConversationResponse response) =>
        response.StopReason == StopReason.Refusal && response.Parts.Any(p => p is RefusalPart)
            ? OpenAIChatJson.FinishFor(StopReason.EndTurn) // OpenAI's own refusals end with "stop".
            : OpenAIChatJson.FinishFor(response.StopReason);

    private static void WriteMessage(Utf8JsonWriter json, IReadOnlyList<ContentPart> parts, DegradationLog degradations)
    {
        StringBuilder? content = null, refusal = null, thinking = null;
        var hasCalls = false;
        foreach (var part in parts)
        {
            switch (part)
            {
                case TextPart text: (content ??= new StringBuilder()).Append(text.Text); break;
                case RefusalPart refused: (refusal ??= new StringBuilder()).Append(refused.Text); break;
                case ThinkingPart { Text.Length: > 0 } thought: (thinking ??= new StringBuilder()).Append(thought.Text); break;
                case ToolCallPart: hasCalls = true; break;
                case OpaquePart { Type: not "extra_content" }:
                    degradations.Add("content.opaque", DegradationOutcome.Dropped, "A vendor block of the answer has no place in Chat Completions.");
                    break;
                default: break;
            }
        }

        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        if (content is not null || (!hasCalls && refusal is null))
        {
            json.WriteString("content"u8, content?.ToString() ?? string.Empty);
        }
        else
        {
            json.WriteNull("content"u8);
        }

        if (refusal is not null)
        {
            json.WriteString("refusal"u8, refusal.ToString());
        }
        else
        {
            json.WriteNull("refusal"u8);
        }

        if (thinking is not null)
        {
            json.WriteString("reasoning_content"u8, thinking.ToString());
        }

        WriteDetails(json, parts);
        WriteAnnotations(json, parts, degradations);
        if (hasCalls)
        {
            WriteCalls(json, parts);
        }

        foreach (var part in parts)
        {
            if (part is OpaquePart { Type: "extra_content", From: WireProtocol.OpenAIChat } extra)
            {
                json.WritePropertyName("extra_content"u8);
                extra.Json.WriteTo(json);
                break;
            }
        }

        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, IReadOnlyList<ContentPart> parts)
    {
        var open = false;
        var index = 0;
        foreach (var part in parts)
        {
            if (part is not ThinkingPart thinking || (thinking.Signature is null && thinking.RedactedData is null && thinking.Details.IsEmpty))
            {
                continue;
            }

            if (!open)
            {
                json.WriteStartArray("reasoning_details"u8);
                open = true;
            }

            if (thinking is { Details.IsEmpty: true, Signature: { } foreign, SignedBy: not WireProtocol.AnthropicMessages })
            {
                OpenAIChatJson.WriteSealedDetail(json, foreign, thinking.SignedBy, index++);
            }
            else if (thinking.Details.IsEmpty)
            {
                OpenAIChatJson.WriteClaudeDetail(json, thinking.Text, thinking.Signature, thinking.RedactedData, index++);
            }
            else
            {
                using var details = JsonDocument.Parse(thinking.Details.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
                foreach (var entry in details.RootElement.EnumerateArray())
                {
                    json.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(entry), skipInputValidation: true);
                    index++;
                }
            }
        }

        if (open)
        {
            json.WriteEndArray();
        }
    }

    private static void WriteAnnotations(Utf8JsonWriter json, IReadOnlyList<ContentPart> parts, DegradationLog degradations)
    {
        var open = false;
        var start = 0;
        foreach (var part in parts)
        {
            if (part is not TextPart text)
            {
                continue;
            }

            var end = start + text.Text.Length;
            if (!text.Citations.IsEmpty)
            {
                using var citations = JsonDocument.Parse(text.Citations.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
                if (citations.RootElement.ValueKind == JsonValueKind.Array)
                {
                    foreach (var citation in citations.RootElement.EnumerateArray())
                    {
                        if (!open)
                        {
                            json.WriteStartArray("annotations"u8);
                            open = true;
                        }

                        if (!OpenAIChatJson.WriteAnnotation(json, citation, start, end))
                        {
                            degradations.Add("citations", DegradationOutcome.Dropped, "The citation points into a document, which Chat annotations cannot.");
                        }
                    }
                }
            }

            start = end;
        }

        if (open)
        {
            json.WriteEndArray();
        }
    }

    private static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ContentPart> parts)
    {
        json.WriteStartArray("tool_calls"u8);
        foreach (var part in parts)
        {
            if (part is ToolCallPart call)
            {
                OpenAIChatJson.WriteCall(json, call.Id, call);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteExtras(Utf8JsonWriter json, ConversationResponse response)
    {
        if (response.Usage.ServiceTier is { } tier)
        {
            json.WriteString("service_tier"u8, tier);
        }

        if (!response.Extras.Any(extra => extra.Name == "system_fingerprint"))
        {
            // OpenRouter's SDK refuses an answer without it.
            json.WriteNull("system_fingerprint"u8);
        }

        foreach (var extra in response.Extras)
        {
            // Only members that Chat clients know: other formats' leftovers would be noise, and could name another member twice.
            if (extra.Name is "system_fingerprint" or "provider" or "citations" or "search_results")
            {
                json.WritePropertyName(extra.Name);
                extra.Value.WriteTo(json);
            }
        }
    }
}
