using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Hands the reasoning of earlier turns back as the dialect wants it. A signature never goes to another vendor than made it.</summary>
internal sealed class OpenAIChatReasoningReplay(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    /// <summary>Mistral's way: thinking parts inside <c>content</c>, text included. False when nothing was written.</summary>
    public bool WriteAsParts(List<ThinkingPart> thinking, List<ContentPart> texts)
    {
        if (target.Dialect.Replay != ReasoningReplay.Parts || !thinking.Exists(t => t.Text.Length > 0))
        {
            return false;
        }

        json.WriteStartArray("content"u8);
        foreach (var thought in thinking)
        {
            if (thought.Text.Length > 0)
            {
                json.WriteStartObject();
                json.WriteString("type"u8, "thinking"u8);
                json.WriteStartArray("thinking"u8);
                json.WriteStartObject();
                json.WriteString("type"u8, "text"u8);
                json.WriteString("text"u8, thought.Text);
                json.WriteEndObject();
                json.WriteEndArray();
                json.WriteEndObject();
            }
        }

        foreach (var text in texts)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "text"u8);
            json.WriteString("text"u8, ((TextPart)text).Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        return true;
    }

    /// <summary>Writes the members beside <c>content</c>, if the dialect has any.</summary>
    public void Write(List<ThinkingPart> thinking, bool hasCalls)
    {
        switch (target.Dialect.Replay)
        {
            case ReasoningReplay.ContentOnToolCalls when hasCalls:
                // Thinking models refuse a tool turn without the member; a turn that another model made has none to give.
                if (thinking.Count > 0 || request.Reasoning is { Mode: not ReasoningMode.Off })
                {
                    json.WriteString("reasoning_content"u8, Joined(thinking));
                }

                break;
            case ReasoningReplay.Content when thinking.Exists(t => t.Text.Length > 0):
                json.WriteString("reasoning_content"u8, Joined(thinking));
                break;
            case ReasoningReplay.Details:
                WriteDetails(thinking);
                break;
            default:
                if (thinking.Count > 0)
                {
                    Dropped();
                }

                break;
        }
    }

    private static string Joined(List<ThinkingPart> thinking) => string.Concat(thinking.Select(t => t.Text));

    private void WriteDetails(List<ThinkingPart> thinking)
    {
        var details = new List<(ThinkingPart Part, bool Verbatim)>();
        var plain = string.Empty;
        foreach (var thought in thinking)
        {
            if (!thought.Details.IsEmpty && thought.SignedBy == WireProtocol.OpenAIChat)
            {
                if (Fits(thought.Details))
                {
                    details.Add((thought, true));
                }
                else
                {
                    Dropped();
                }
            }
            else if (thought is { SignedBy: WireProtocol.AnthropicMessages } && (thought.Signature is not null || thought.RedactedData is not null))
            {
                if (IsFamily("claude"))
                {
                    details.Add((thought, false));
                }
                else
                {
                    Dropped();
                }
            }
            else if (thought.SignedBy == WireProtocol.OpenAIChat && thought.Text.Length > 0)
            {
                plain += thought.Text;
            }
            else if (thought.Text.Length > 0)
            {
                Dropped();
            }
        }

        if (plain.Length > 0)
        {
            json.WriteString("reasoning"u8, plain);
        }

        if (details.Count == 0)
        {
            return;
        }

        json.WriteStartArray("reasoning_details"u8);
        var index = 0;
        foreach (var (part, verbatim) in details)
        {
            if (verbatim)
            {
                using var entries = JsonDocument.Parse(part.Details.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
                foreach (var entry in entries.RootElement.EnumerateArray())
                {
                    json.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(entry), skipInputValidation: true);
                    index++;
                }
            }
            else
            {
                OpenAIChatJson.WriteClaudeDetail(json, part.Text, part.Signature, part.RedactedData, index++);
            }
        }

        json.WriteEndArray();
    }

    // Entries with a proof name who made it; those without one are plain text and fit everywhere.
    private bool Fits(RawJson details)
    {
        using var document = JsonDocument.Parse(details.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || !(Has(entry, "signature") || Has(entry, "data")))
            {
                continue;
            }

            var format = entry.TryGetProperty("format", out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : string.Empty;
            var fits = format switch
            {
                "anthropic-claude-v1" => IsFamily("claude"),
                "openai-responses-v1" or "azure-openai-responses-v1" => IsFamily("openai") || IsFamily("gpt"),
                "google-gemini-v1" => IsFamily("gemini"),
                "xai-responses-v1" => IsFamily("grok"),
                _ => true,
            };
            if (!fits)
            {
                return false;
            }
        }

        return true;
    }

    private static bool Has(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String;

    private bool IsFamily(string family) =>
        target.CanonicalModel.Contains(family, StringComparison.OrdinalIgnoreCase) || target.Model.Contains(family, StringComparison.OrdinalIgnoreCase);

    private void Dropped() => degradations.Add("thinking", DegradationOutcome.Dropped, "Earlier reasoning cannot be handed to this upstream.");
}
