using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Writes a whole Responses answer. Texts that follow one another are one message; all else is an item of its own.</summary>
internal sealed class OpenAIResponsesResponseWriter
{
    private readonly AnthropicSearchItems _searches = new();
    private readonly ResponsesItemWriter _items;
    private readonly DegradationLog _degradations;
    private readonly List<RawJson> _output = [];
    private readonly List<RawJson> _content = [];
    private readonly string _lastStatus;

    private OpenAIResponsesResponseWriter(ResponsesItemWriter items, DegradationLog degradations, string lastStatus)
    {
        _items = items;
        _degradations = degradations;
        _lastStatus = lastStatus;
    }

    /// <summary>Writes <paramref name="response"/> under the model's name that the client sent.</summary>
    public static void Write(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        var items = new ResponsesItemWriter(ResponsesJson.ResponseId(response.Id, target.ResponseId), target);
        var (status, incomplete) = ResponsesItemWriter.EndOf(response.StopReason, response.Parts.Any(p => p is RefusalPart));
        var writer = new OpenAIResponsesResponseWriter(items, degradations, status);
        foreach (var part in response.Parts)
        {
            writer.Add(part);
        }

        writer.Searched(writer._searches.Rest(items.Id("ws", writer._output.Count + (writer._content.Count > 0 ? 1 : 0))));
        writer.EndMessage(status);
        if (response.FurtherChoices.Count > 0)
        {
            degradations.Add("n", DegradationOutcome.Dropped, "A Responses answer has one choice; the others were left out.");
        }

        using var json = new Utf8JsonWriter(output, ResponsesJson.Options);
        items.Response(json, status, incomplete, writer._output, response.Usage, response.Created ?? target.Created);
    }

    private void Add(ContentPart part)
    {
        switch (part)
        {
            case TextPart { Text.Length: > 0 } text:
                _content.Add(Raw(json => ResponsesItemWriter.Content(json, PartShape.Text, text.Text, Annotations(text))));
                break;
            case RefusalPart { Text.Length: > 0 } refusal:
                _content.Add(Raw(json => ResponsesItemWriter.Content(json, PartShape.Refusal, refusal.Text, [])));
                break;
            case TextPart or RefusalPart:
                break;
            case ThinkingPart thinking:
                AddThinking(thinking);
                break;
            case ToolCallPart call:
                EndMessage("completed");
                var whole = call.IsCustom || !call.Arguments.IsEmpty ? call : call with { Arguments = RawJson.EmptyObject };
                _output.Add(Raw(json => _items.Call(json, _items.Id(call.IsCustom ? "ctc" : "fc", _output.Count), _lastStatus == "completed" ? "completed" : "incomplete", whole)));
                break;
            case OpaquePart { From: WireProtocol.OpenAIResponses } own:
                EndMessage("completed");
                _output.Add(own.Json);
                break;
            case OpaquePart search when AnthropicSearchItems.IsSearch(search.Json, search.From):
                Searched(_searches.Take(search.Json, "", _items.Id("ws", _output.Count + (_content.Count > 0 ? 1 : 0))));
                break;
            case OpaquePart opaque:
                if (opaque.Type != "extra_content")
                {
                    _degradations.Add("content.opaque", DegradationOutcome.Dropped, "A vendor block of the answer has no place in a Responses answer.");
                }

                break;
            default:
                _degradations.Add("content.media", DegradationOutcome.Dropped, "Responses answers carry no media.");
                break;
        }
    }

    private void AddThinking(ThinkingPart thinking)
    {
        var sealedText = ReasoningCarrier.Of(thinking);
        if (thinking.Text.Length == 0 && sealedText is null)
        {
            return;
        }

        EndMessage("completed");
        var id = thinking is { SignedBy: WireProtocol.OpenAIResponses, Id: { } own } ? own : _items.Id("rs", _output.Count);
        _output.Add(Raw(json => ResponsesItemWriter.Reasoning(json, id, thinking.Text, sealedText)));
    }

    private void Searched(RawJson? item)
    {
        if (item is { } made)
        {
            EndMessage("completed");
            _output.Add(made);
        }
    }

    private void EndMessage(string status)
    {
        if (_content.Count > 0)
        {
            var id = _items.Id("msg", _output.Count);
            _output.Add(Raw(json => ResponsesItemWriter.Message(json, id, status, _content)));
            _content.Clear();
        }
    }

    private List<RawJson> Annotations(TextPart text)
    {
        var annotations = new List<RawJson>();
        if (text.Citations.IsEmpty)
        {
            return annotations;
        }

        using var document = JsonDocument.Parse(text.Citations.Utf8, ResponsesJson.Deep);
        foreach (var citation in document.RootElement.EnumerateArray())
        {
            if (ResponsesAnnotations.Of(ResponsesJson.Raw(citation), text.CitationsFrom, 0, text.Text.Length) is { } annotation)
            {
                annotations.Add(annotation);
            }
            else
            {
                _degradations.Add("citations", DegradationOutcome.Dropped, "The citation points into a document, which annotations cannot.");
            }
        }

        return annotations;
    }

    private static RawJson Raw(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ResponsesJson.Options))
        {
            write(json);
        }

        return new RawJson(buffer.WrittenMemory);
    }
}
