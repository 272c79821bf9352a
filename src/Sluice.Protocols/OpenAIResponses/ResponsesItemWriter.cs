using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Writes the items and the frame of an answer, the same in whole answers and in streams.</summary>
/// <param name="responseId">The answer's id on the wire.</param>
/// <param name="target">The client.</param>
internal sealed class ResponsesItemWriter(string responseId, ClientTarget target)
{
    private readonly string _mark = ResponsesJson.Mark(responseId);

    /// <summary>The answer's id on the wire.</summary>
    public string ResponseId => responseId;

    /// <summary>An item's id: the same for the same answer and place.</summary>
    /// <param name="prefix"><c>msg</c>, <c>rs</c>, <c>fc</c>, <c>ctc</c>.</param>
    /// <param name="index">Of the item in the output.</param>
    public string Id(string prefix, int index) => string.Create(CultureInfo.InvariantCulture, $"{prefix}_{_mark}{index:x4}");

    /// <summary>The namespace that a call must carry back, where the part itself does not know it.</summary>
    public string? NamespaceOf(string? own, string? name)
    {
        if (own is not null)
        {
            return own;
        }

        string? found = null;
        foreach (var tool in target.Tools)
        {
            if (tool.Name == name)
            {
                if (tool.Namespace is null || (found is not null && found != tool.Namespace))
                {
                    return null;
                }

                found = tool.Namespace;
            }
        }

        return found;
    }

    /// <summary>Writes a message with its content parts, which are written already.</summary>
    public static void Message(Utf8JsonWriter json, string id, string status, IReadOnlyList<RawJson> content)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("status"u8, status);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        foreach (var part in content)
        {
            part.WriteTo(json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes a content part of a message.</summary>
    public static void Content(Utf8JsonWriter json, PartShape shape, string text, IReadOnlyList<RawJson> annotations)
    {
        json.WriteStartObject();
        if (shape == PartShape.Refusal)
        {
            json.WriteString("type"u8, "refusal"u8);
            json.WriteString("refusal"u8, text);
        }
        else
        {
            json.WriteString("type"u8, "output_text"u8);
            json.WriteStartArray("annotations"u8);
            foreach (var annotation in annotations)
            {
                annotation.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
            json.WriteString("text"u8, text);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a reasoning item.</summary>
    /// <param name="json">Stands where a value may.</param>
    /// <param name="id">The item's.</param>
    /// <param name="text">The summary; none where it is empty.</param>
    /// <param name="sealedText">What must come back; null where there is nothing.</param>
    public static void Reasoning(Utf8JsonWriter json, string id, string text, string? sealedText)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "reasoning"u8);
        json.WriteStartArray("summary"u8);
        if (text.Length > 0)
        {
            Summary(json, text);
        }

        json.WriteEndArray();
        if (sealedText is not null)
        {
            json.WriteString("encrypted_content"u8, sealedText);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a part of a summary.</summary>
    public static void Summary(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "summary_text"u8);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    /// <summary>Writes a call.</summary>
    public void Call(Utf8JsonWriter json, string id, string status, ToolCallPart call)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, call.IsCustom ? "custom_tool_call"u8 : "function_call"u8);
        json.WriteString("status"u8, status);
        json.WriteString(call.IsCustom ? "input"u8 : "arguments"u8, call.Arguments.Utf8.Span);
        json.WriteString("call_id"u8, call.Id);
        json.WriteString("name"u8, call.Name);
        if (NamespaceOf(call.Namespace, call.Name) is { } space)
        {
            json.WriteString("namespace"u8, space);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a response object.</summary>
    /// <param name="json">Stands where a value may.</param>
    /// <param name="status"><c>in_progress</c>, <c>completed</c>, <c>incomplete</c>.</param>
    /// <param name="incomplete">Why it is incomplete; null where it is not.</param>
    /// <param name="output">The finished items.</param>
    /// <param name="usage">Null while there is none.</param>
    /// <param name="created">Unix seconds.</param>
    public void Response(Utf8JsonWriter json, string status, string? incomplete, IReadOnlyList<RawJson> output, TokenUsage? usage, long created)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, responseId);
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, created);
        json.WriteString("status"u8, status);
        json.WriteBoolean("background"u8, false);
        json.WriteNull("error"u8);
        if (incomplete is null)
        {
            json.WriteNull("incomplete_details"u8);
        }
        else
        {
            json.WriteStartObject("incomplete_details"u8);
            json.WriteString("reason"u8, incomplete);
            json.WriteEndObject();
        }

        json.WriteNull("instructions"u8);
        json.WriteNull("max_output_tokens"u8);
        json.WriteString("model"u8, target.Model);
        json.WriteStartArray("output"u8);
        foreach (var item in output)
        {
            item.WriteTo(json);
        }

        json.WriteEndArray();
        json.WriteBoolean("parallel_tool_calls"u8, true);
        json.WriteNull("previous_response_id"u8);
        json.WriteStartObject("reasoning"u8);
        json.WriteNull("effort"u8);
        json.WriteNull("summary"u8);
        json.WriteEndObject();
        if (usage?.ServiceTier is { } tier)
        {
            json.WriteString("service_tier"u8, tier);
        }

        json.WriteBoolean("store"u8, false);
        json.WriteNull("temperature"u8);
        json.WriteStartObject("text"u8);
        json.WriteStartObject("format"u8);
        json.WriteString("type"u8, "text"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("tool_choice"u8, "auto"u8);
        json.WriteStartArray("tools"u8);
        json.WriteEndArray();
        json.WriteNull("top_p"u8);
        json.WriteString("truncation"u8, "disabled"u8);
        if (usage is null)
        {
            json.WriteNull("usage"u8);
        }
        else
        {
            json.WritePropertyName("usage"u8);
            OpenAIResponsesUsage.Write(json, usage, target.EstimatedInputTokens);
        }

        json.WriteNull("user"u8);
        json.WriteStartObject("metadata"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The status and the reason of an answer that ended so.</summary>
    /// <param name="reason">Why it ended.</param>
    /// <param name="refused">The refusal stands in a part of its own.</param>
    public static (string Status, string? Incomplete) EndOf(StopReason reason, bool refused) => reason switch
    {
        StopReason.MaxTokens or StopReason.ContextFull => ("incomplete", "max_output_tokens"),
        StopReason.Refusal when !refused => ("incomplete", "content_filter"),
        _ => ("completed", null),
    };
}
