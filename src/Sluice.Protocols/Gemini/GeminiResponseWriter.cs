using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>Writes a whole generateContent answer.</summary>
internal static class GeminiResponseWriter
{
    /// <summary>Writes the body for a client.</summary>
    public static void Write(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Relaxed);
        json.WriteStartObject();
        json.WriteStartArray("candidates"u8);
        json.WriteStartObject();
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        var thoughts = new PendingThoughts();
        var any = false;
        foreach (var part in response.Parts)
        {
            any |= WritePart(json, part, thoughts, degradations);
        }

        // Clients read parts[0] without asking whether it is there.
        if (thoughts.Take() is { } late)
        {
            GeminiAnswerParts.WriteText(json, "", late);
        }
        else if (!any)
        {
            GeminiAnswerParts.WriteText(json, "", signature: null);
        }

        json.WriteEndArray();
        json.WriteString("role"u8, "model"u8);
        json.WriteEndObject();
        json.WriteString("finishReason"u8, GeminiWords.FromStopReason(response.StopReason));
        json.WriteNumber("index"u8, 0);
        GeminiAnswerParts.WriteCitations(json, response.Parts.OfType<TextPart>().Where(t => !t.Citations.IsEmpty).Select(t => (t.Citations, (WireProtocol?)t.CitationsFrom)), degradations);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WritePropertyName("usageMetadata"u8);
        GeminiUsage.Write(json, response.Usage, target.EstimatedInputTokens);
        GeminiAnswerParts.WriteEnvelope(json, target.Model, string.IsNullOrEmpty(response.Id) ? target.ResponseId : response.Id);
        json.WriteEndObject();
        if (response.FurtherChoices.Count > 0)
        {
            degradations.Add("n", DegradationOutcome.Dropped, "Only the first choice of the answer was carried over.");
        }
    }

    private static bool WritePart(Utf8JsonWriter json, ContentPart part, PendingThoughts thoughts, DegradationLog degradations)
    {
        switch (part)
        {
            case TextPart { Text.Length: > 0 } text:
                GeminiAnswerParts.WriteText(json, text.Text, thoughts.Take(text));
                return true;
            case TextPart { Signature: not null } proof:
                GeminiAnswerParts.WriteText(json, "", thoughts.Take(proof));
                return true;
            case RefusalPart { Text.Length: > 0 } refusal:
                GeminiAnswerParts.WriteText(json, refusal.Text, thoughts.Take());
                return true;
            case ThinkingPart thinking:
                if (thinking.Text.Length > 0)
                {
                    GeminiAnswerParts.WriteThought(json, thinking.Text);
                }

                thoughts.Add(thinking);
                return thinking.Text.Length > 0;
            case ToolCallPart call:
                GeminiAnswerParts.WriteCall(json, call.Id, call.Name, call.Arguments.Utf8.Span, thoughts.Take(call));
                return true;
            case OpaquePart { From: WireProtocol.Gemini } opaque:
                opaque.Json.WriteTo(json);
                return true;
            case ImagePart { Source: MediaSource.Base64 image }:
                WriteInline(json, image.MediaType, image.Data, thoughts.Take(part));
                return true;
            case AudioPart audio:
                WriteInline(json, "audio/" + audio.Format, audio.Data, thoughts.Take(part));
                return true;
            case OpaquePart or ImagePart or DocumentPart:
                degradations.Add("content.opaque", DegradationOutcome.Dropped, "A block of the provider's own kind has no place in a Gemini answer.");
                return false;
            default:
                return false;
        }
    }

    private static void WriteInline(Utf8JsonWriter json, string mime, string data, string? signature)
    {
        json.WriteStartObject();
        json.WriteStartObject("inlineData"u8);
        json.WriteString("mimeType"u8, mime);
        json.WriteString("data"u8, data);
        json.WriteEndObject();
        if (signature is not null)
        {
            json.WriteString("thoughtSignature"u8, signature);
        }

        json.WriteEndObject();
    }
}
