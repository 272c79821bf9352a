using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Reads a whole Chat answer, <c>{"choices":[{"message":{…},"finish_reason":…}],"usage":{…}}</c>, in every dialect seen.</summary>
internal static class OpenAIChatResponseReader
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>Reads <paramref name="body"/>; an error inside it comes back as the error.</summary>
    public static Parsed<ConversationResponse> Read(ReadOnlyMemory<byte> body, ChatDialect dialect)
    {
        if (!Utf8.IsValid(body.Span))
        {
            return OpenAIChatErrors.BadResponse("The answer is not UTF-8.", default);
        }

        try
        {
            using var document = JsonDocument.Parse(body, Deep);
            return Read(document.RootElement, dialect);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a member name with half a surrogate pair, which the reader finds only when it is looked at.
            return OpenAIChatErrors.BadResponse("The answer is not JSON.", body.Span);
        }
    }

    /// <summary>What an upstream's word for the end of an answer means, without regard to its content.</summary>
    public static StopReason StopFor(string? word) => word switch
    {
        "length" or "max_tokens" or "MAX_TOKENS" => StopReason.MaxTokens,
        "model_length" => StopReason.ContextFull,
        "content_filter" or "refusal" or "SAFETY" => StopReason.Refusal,
        "stop_sequence" => StopReason.StopSequence,
        _ => StopReason.EndTurn,
    };

    /// <summary>
    /// An id for a call whose upstream gave none: the same for the same answer, so that replays and prompt caches stay stable, and different
    /// from one answer to the next, since ids must not repeat in a conversation.
    /// </summary>
    public static string InventedId(string? responseId, int position, string name)
    {
        // FNV-1a, 64 bits.
        var hash = 14695981039346656037UL;
        foreach (var c in string.Create(CultureInfo.InvariantCulture, $"{responseId}\n{position}\n{name}"))
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return "call_" + hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    private static Parsed<ConversationResponse> Read(JsonElement root, ChatDialect dialect)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return OpenAIChatErrors.BadResponse("The answer is not a JSON object.", JsonMarshal.GetRawUtf8Value(root));
        }

        if (root.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String)
        {
            return OpenAIChatErrors.Read(200, JsonMarshal.GetRawUtf8Value(root));
        }

        if (!root.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0
            || choices[0].ValueKind != JsonValueKind.Object)
        {
            return OpenAIChatErrors.BadResponse("The answer has no choices.", JsonMarshal.GetRawUtf8Value(root));
        }

        var first = choices[0];
        if (first.TryGetProperty("error", out var choiceError) && choiceError.ValueKind is JsonValueKind.Object or JsonValueKind.String)
        {
            return OpenAIChatErrors.FromMember(JsonMarshal.GetRawUtf8Value(choiceError), 502);
        }

        var word = Text(first, "finish_reason");
        if (word == "error")
        {
            return new UpstreamError(ErrorKind.UpstreamError, "The upstream ended the answer with finish_reason \"error\".") { Status = 502 };
        }

        var id = Text(root, "id");
        var parts = new List<ContentPart>();
        if (first.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.Object)
        {
            OpenAIChatMessageParts.ReadAssistant(message, parts, id, dialect.ThinkTagsInText);
        }
        else if (Text(first, "text") is { Length: > 0 } text)
        {
            parts.Add(new TextPart(text));
        }

        var usage = ReadUsage(root, dialect);
        var (reason, sequence) = Stop(first, word, parts);
        return new ConversationResponse
        {
            Id = id is { Length: > 0 } ? id : null,
            Model = Text(root, "model"),
            Created = root.TryGetProperty("created", out var created) && created.ValueKind == JsonValueKind.Number && created.TryGetInt64(out var seconds) ? seconds : null,
            Parts = parts,
            StopReason = reason,
            StopSequence = sequence,
            Usage = usage,
            FurtherChoices = Further(choices),
            Extras = Extras(root),
        };
    }

    private static (StopReason Reason, string? Sequence) Stop(JsonElement choice, string? word, List<ContentPart> parts)
    {
        var reason = StopFor(word);
        if (reason == StopReason.EndTurn)
        {
            // Several servers say "stop" although the answer calls tools, so presence decides.
            if (parts.Exists(p => p is ToolCallPart))
            {
                return (StopReason.ToolUse, null);
            }

            if (parts.Exists(p => p is RefusalPart))
            {
                return (StopReason.Refusal, null);
            }

            // vLLM names the stop text that it met.
            if (Text(choice, "stop_reason") is { Length: > 0 } sequence)
            {
                return (StopReason.StopSequence, sequence);
            }
        }

        return (reason, null);
    }

    private static TokenUsage ReadUsage(JsonElement root, ChatDialect dialect)
    {
        var usage = Usage(root, dialect);
        if (usage is null && root.TryGetProperty("x_groq", out var groq) && groq.ValueKind == JsonValueKind.Object)
        {
            usage = Usage(groq, dialect);
        }

        usage ??= TokenUsage.Unknown;
        return usage.ServiceTier is null && Text(root, "service_tier") is { Length: > 0 } tier ? usage with { ServiceTier = tier } : usage;
    }

    private static TokenUsage? Usage(JsonElement holder, ChatDialect dialect)
    {
        if (!holder.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(usage), new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        return OpenAIChatUsage.Read(ref reader, dialect);
    }

    private static List<RawJson> Further(JsonElement choices)
    {
        var further = new List<RawJson>();
        for (var i = 1; i < choices.GetArrayLength(); i++)
        {
            further.Add(RawJson.Copy(JsonMarshal.GetRawUtf8Value(choices[i])));
        }

        return further;
    }

    private static List<ExtraMember> Extras(JsonElement root)
    {
        var extras = new List<ExtraMember>();
        foreach (var member in root.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null
                && member.Name is not ("id" or "object" or "created" or "model" or "choices" or "usage" or "error"))
            {
                extras.Add(new ExtraMember(member.Name, RawJson.Copy(JsonMarshal.GetRawUtf8Value(member.Value))));
            }
        }

        return extras;
    }

    private static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;
}
