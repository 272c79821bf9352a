using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Anthropic;

/// <summary>Writes a whole Messages answer.</summary>
internal static class AnthropicResponseWriter
{
    /// <summary>Writes the body for a client.</summary>
    public static void Write(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, AnthropicWords.Relaxed);
        json.WriteStartObject();
        json.WriteString("id"u8, AnthropicWords.MessageId(response.Id, target.ResponseId));
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, target.Model);
        json.WriteStartArray("content"u8);
        var ids = new ToolIds.Distinct();
        var titles = AnthropicSearchBlocks.Titles(response.Parts);
        foreach (var part in response.Parts)
        {
            if (part is ThinkingPart { Text.Length: 0, SignedBy: not WireProtocol.AnthropicMessages } && ReferenceEquals(part, response.Parts[^1]))
            {
                // The proof of another vendor behind the last text: a client that shows the last block would show nothing.
                continue;
            }

            WritePart(json, part, ids, titles, degradations);
        }

        json.WriteEndArray();
        json.WriteString("stop_reason"u8, AnthropicWords.FromStopReason(AnthropicWords.Consistent(response.StopReason, response.Parts.Any(p => p is ToolCallPart))));
        json.WriteString("stop_sequence"u8, response.StopReason == StopReason.StopSequence ? response.StopSequence : null);
        json.WritePropertyName("usage"u8);
        AnthropicUsage.Write(json, response.Usage, target.EstimatedInputTokens);
        json.WriteEndObject();
        if (response.FurtherChoices.Count > 0)
        {
            degradations.Add("n", DegradationOutcome.Dropped, "An Anthropic answer has one choice; the others were left out.");
        }
    }

    private static void WritePart(Utf8JsonWriter json, ContentPart part, ToolIds.Distinct ids, IReadOnlyDictionary<string, string> titles, DegradationLog degradations)
    {
        switch (part)
        {
            case TextPart { Text.Length: > 0 } text:
                WriteText(json, text, degradations);
                break;
            case RefusalPart { Text.Length: > 0 } refusal:
                AnthropicBlocks.WriteText(json, refusal.Text, default, cache: null);
                break;
            case ThinkingPart thinking:
                AnthropicBlocks.WriteThinking(json, thinking);
                break;
            case ToolCallPart call:
                AnthropicBlocks.WriteToolUse(json, call, ids.Map(call.Id), cache: null);
                break;
            case OpaquePart { From: WireProtocol.AnthropicMessages } opaque:
                opaque.Json.WriteTo(json);
                break;
            case OpaquePart searched when AnthropicSearchBlocks.Of(searched.Json, searched.From) is { } search:
                AnthropicSearchBlocks.WriteCall(json, search, streamed: false);
                AnthropicSearchBlocks.WriteResult(json, search, searched.From, titles);
                break;
            case OpaquePart opaque:
                degradations.Add("content." + FeatureWords.Clean(opaque.Type, 40), DegradationOutcome.Dropped, $"A '{opaque.Type}' block has no place in an Anthropic answer.");
                break;
            case ImagePart or AudioPart or DocumentPart:
                degradations.Add("content.media", DegradationOutcome.Dropped, "Anthropic answers carry no media.");
                break;
        }
    }

    private static void WriteText(Utf8JsonWriter json, TextPart text, DegradationLog degradations)
    {
        if (text.Citations.IsEmpty || text.CitationsFrom == WireProtocol.AnthropicMessages)
        {
            AnthropicBlocks.WriteText(json, text.Text, text.Citations, cache: null);
            return;
        }

        // Gemini's searches stand with the text that they were made for.
        var searches = WebSearchReader.Each(text.Citations).Select(WebSearchReader.OfGrounding).OfType<WebSearchMade>().ToList();
        foreach (var search in searches)
        {
            AnthropicSearchBlocks.WriteCall(json, search, streamed: false);
            AnthropicSearchBlocks.WriteResult(json, search, text.CitationsFrom);
        }

        var sources = WebSearchReader.Cited(text.Citations);
        if (sources.Count + searches.Count == 0)
        {
            degradations.Add("citations", DegradationOutcome.Dropped, "The provider's citations have no place in an Anthropic answer.");
        }

        var citations = new ArrayBufferWriter<byte>();
        using (var inner = new Utf8JsonWriter(citations, AnthropicWords.Relaxed))
        {
            inner.WriteStartArray();
            foreach (var source in sources)
            {
                AnthropicSearchBlocks.WriteCitation(inner, source, text.CitationsFrom);
            }

            inner.WriteEndArray();
        }

        AnthropicBlocks.WriteText(json, text.Text, sources.Count > 0 ? new RawJson(citations.WrittenMemory) : default, cache: null);
    }
}
