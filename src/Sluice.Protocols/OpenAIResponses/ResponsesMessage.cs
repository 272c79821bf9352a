using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>The message that a stream is writing: one item, whose content parts are the texts and refusals that follow one another.</summary>
internal sealed class ResponsesMessage(ResponsesEventWriter events, string id, int index)
{
    private readonly List<RawJson> _content = [];
    private readonly StringBuilder _text = new();
    private readonly List<RawJson> _annotations = [];
    private int _part = -1;
    private PartShape _shape;

    /// <summary>Opens the item.</summary>
    public void Open() => events.ItemAdded(index, ResponsesEventWriter.Raw(json => ResponsesItemWriter.Message(json, id, "in_progress", [])));

    /// <summary>Opens a content part; does nothing when it is open.</summary>
    public void OpenPart(int part, PartShape shape)
    {
        if (_part == part)
        {
            return;
        }

        _part = part;
        _shape = shape;
        WritePart("response.content_part.added", "");
    }

    /// <summary>More of the open part.</summary>
    public void Delta(string text)
    {
        _text.Append(text);
        var json = Begin(_shape == PartShape.Refusal ? "response.refusal.delta" : "response.output_text.delta");
        json.WriteString("delta"u8, text);
        if (_shape != PartShape.Refusal)
        {
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }

        events.Close();
    }

    /// <summary>A citation of the open part; false for one that cannot be told.</summary>
    public bool Annotate(StreamEvent.CitationDelta citation)
    {
        if (ResponsesAnnotations.Of(citation.Citation, citation.From, 0, _text.Length) is not { } annotation)
        {
            return false;
        }

        var json = Begin("response.output_text.annotation.added");
        json.WriteNumber("annotation_index"u8, _annotations.Count);
        json.WritePropertyName("annotation"u8);
        annotation.WriteTo(json);
        events.Close();
        _annotations.Add(annotation);
        return true;
    }

    /// <summary>Ends a content part, unless it never opened.</summary>
    public void EndPart(int part)
    {
        if (_part != part || part < 0)
        {
            return;
        }

        var text = _text.ToString();
        var json = Begin(_shape == PartShape.Refusal ? "response.refusal.done" : "response.output_text.done");
        json.WriteString(_shape == PartShape.Refusal ? "refusal"u8 : "text"u8, text);
        if (_shape != PartShape.Refusal)
        {
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }

        events.Close();
        WritePart("response.content_part.done", text);
        List<RawJson> annotations = [.. _annotations];
        var shape = _shape;
        _content.Add(ResponsesEventWriter.Raw(item => ResponsesItemWriter.Content(item, shape, text, annotations)));
        _part = -1;
        _text.Clear();
        _annotations.Clear();
    }

    /// <summary>Ends what is open; the finished item.</summary>
    public RawJson Close()
    {
        EndPart(_part);
        return ResponsesEventWriter.Raw(json => ResponsesItemWriter.Message(json, id, "completed", _content));
    }

    private Utf8JsonWriter Begin(string type)
    {
        var json = events.Open(type);
        json.WriteString("item_id"u8, id);
        json.WriteNumber("output_index"u8, index);
        json.WriteNumber("content_index"u8, _content.Count);
        return json;
    }

    private void WritePart(string type, string text)
    {
        var json = Begin(type);
        json.WritePropertyName("part"u8);
        ResponsesItemWriter.Content(json, _shape, text, _annotations);
        events.Close();
    }
}
