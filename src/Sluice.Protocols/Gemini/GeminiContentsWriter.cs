using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Writes <c>contents</c>. A signature goes onto the very part that Gemini signed; Gemini 3 refuses a turn whose first call has none, so calls
/// that another model made get the placeholder that Google documents for it.
/// </summary>
internal sealed class GeminiContentsWriter(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    // https://ai.google.dev/gemini-api/docs/thought-signatures: for histories that another model made.
    private const string ForeignCall = "skip_thought_signature_validator";

    private readonly bool _isThree = GeminiVersions.IsAtLeast(target.CanonicalModel, 3m) || GeminiVersions.IsAtLeast(target.Model, 3m);
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>Writes the member.</summary>
    public void Write(List<(Role Role, List<ContentPart> Parts)> turns)
    {
        json.WriteStartArray("contents"u8);
        foreach (var (role, parts) in turns)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, role == Role.Assistant ? "model"u8 : "user"u8);
            json.WriteStartArray("parts"u8);
            if (role == Role.Assistant)
            {
                WriteModelTurn(parts);
            }
            else
            {
                foreach (var part in parts)
                {
                    WritePart(part, signature: null);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A name that Gemini takes in a history: its tools with other names are left out.</summary>
    public static string LegalName(string name)
    {
        if (IsLegalName(name))
        {
            return name;
        }

        var legal = new System.Text.StringBuilder(ToolNames.ShortestLimit);
        if (name.Length == 0 || !(char.IsAsciiLetter(name[0]) || name[0] == '_'))
        {
            legal.Append('_');
        }

        foreach (var c in name)
        {
            if (legal.Length < ToolNames.ShortestLimit)
            {
                legal.Append(IsNameCharacter(c) ? c : '_');
            }
        }

        return legal.ToString();
    }

    /// <summary>Gemini takes the name as it is.</summary>
    public static bool IsLegalName(string name) => ToolNames.IsLegal(name, WireProtocol.Gemini);

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or ':' or '-';

    private void WriteModelTurn(List<ContentPart> parts)
    {
        var pending = (string?)null;
        var signedCall = false;
        var any = false;
        foreach (var part in parts)
        {
            if (part is ThinkingPart thinking)
            {
                if (thinking.Signature is { Length: > 0 } proof)
                {
                    if (pending is not null)
                    {
                        // Two proofs cannot stand on one part: the first is of a part that another format could not tell apart.
                        GeminiAnswerParts.WriteText(json, "", pending);
                    }

                    pending = proof;
                }

                if (thinking.Text.Length > 0 && request.From == WireProtocol.Gemini)
                {
                    GeminiAnswerParts.WriteThought(json, thinking.Text);
                    any = true;
                }

                continue;
            }

            var signature = part is { Signature.Length: > 0, SignedBy: WireProtocol.Gemini } ? part.Signature : pending;
            pending = null;
            if (part is ToolCallPart call)
            {
                signature ??= GeminiThoughts.FromChat(call.Extra) ?? (_isThree && !signedCall ? ForeignCall : null);
                signedCall = true;
            }

            WritePart(part, signature);
            any = true;
        }

        if (pending is not null || !any)
        {
            // Where Gemini itself puts a signature that no other part carries; and no content may be without parts.
            GeminiAnswerParts.WriteText(json, "", pending);
        }
    }

    private void WritePart(ContentPart part, string? signature)
    {
        Marked(part);
        switch (part)
        {
            case TextPart text:
                GeminiAnswerParts.WriteText(json, text.Text, signature);
                break;
            case ToolCallPart call:
                WriteCall(call, signature);
                break;
            case ToolResultPart result:
                WriteResult(result);
                break;
            case DocumentPart { Source: MediaSource.PlainText plain } document:
                GeminiAnswerParts.WriteText(json, document.Title is null ? plain.Text : document.Title + "\n\n" + plain.Text, signature);
                break;
            case OpaquePart opaque:
                opaque.Json.WriteTo(json);
                break;
            default:
                json.WriteStartObject();
                GeminiMedia.TryWrite(json, part);
                if (signature is not null)
                {
                    json.WriteString("thoughtSignature"u8, signature);
                }

                json.WriteEndObject();
                break;
        }
    }

    private void WriteCall(ToolCallPart call, string? signature)
    {
        var name = LegalName(call.Name);
        _names[call.Id] = name;
        json.WriteStartObject();
        json.WriteStartObject("functionCall"u8);
        WriteId(call.Id);
        json.WriteString("name"u8, name);
        if (call.IsCustom)
        {
            json.WriteStartObject("args"u8);
            json.WriteString("input"u8, call.Arguments.Utf8.Span);
            json.WriteEndObject();
        }
        else
        {
            GeminiAnswerParts.WriteArguments(json, call.Arguments.Utf8.Span);
        }

        json.WriteEndObject();
        if (signature is not null)
        {
            json.WriteString("thoughtSignature"u8, signature);
        }

        json.WriteEndObject();
    }

    private void WriteResult(ToolResultPart result)
    {
        json.WriteStartObject();
        json.WriteStartObject("functionResponse"u8);
        WriteId(result.CallId);
        json.WriteString("name"u8, _names.GetValueOrDefault(result.CallId, "_"));
        foreach (var inner in result.Parts)
        {
            Marked(inner);
        }

        var text = string.Join('\n', result.Parts.Select(TextOf).Where(t => t is not null));
        if (!result.IsError && request.From == WireProtocol.Gemini && IsObject(text))
        {
            json.WritePropertyName("response"u8);
            json.WriteRawValue(text, skipInputValidation: true);
        }
        else
        {
            json.WriteStartObject("response"u8);
            json.WriteString(result.IsError ? "error"u8 : "output"u8, text);
            json.WriteEndObject();
        }

        if (_isThree && result.Parts.Any(GeminiMedia.IsMedia))
        {
            json.WriteStartArray("parts"u8);
            foreach (var media in result.Parts.Where(GeminiMedia.IsMedia))
            {
                WritePart(media, signature: null);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string? TextOf(ContentPart part) => part switch
    {
        TextPart text => text.Text,
        DocumentPart { Source: MediaSource.PlainText plain } => plain.Text,
        RefusalPart refusal => refusal.Text,
        _ => null,
    };

    // Models before 3 know no ids, and some of their hosts refuse the member; order and name pair all the same.
    private void WriteId(string id)
    {
        if (_isThree && id.Length > 0)
        {
            json.WriteString("id"u8, id);
        }
    }

    private static bool IsObject(string text)
    {
        if (text.Length == 0 || text[0] != '{')
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(text, GeminiJson.Deep);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Marked(ContentPart part)
    {
        if (part.Cache is not null)
        {
            degradations.Add("cache_control", DegradationOutcome.Dropped, "The upstream caches by itself and takes no marks.");
        }

        if (part is DocumentPart { WantsCitations: true })
        {
            degradations.Add("citations", DegradationOutcome.Dropped, "Gemini cites no documents that were sent along.");
        }

        if (part is DocumentPart { Source: MediaSource.PlainText })
        {
            degradations.Add("documents.text", DegradationOutcome.Emulated, "A text document became text of the message.");
        }

        if (part is ImagePart { Detail: not (null or "auto") })
        {
            degradations.Add("image.detail", DegradationOutcome.Dropped, "Gemini takes no detail for one image.");
        }
    }
}
