using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Frames the events of one stream and numbers them.</summary>
internal sealed class ResponsesEventWriter
{
    private readonly Utf8JsonWriter _json = new(Stream.Null, ResponsesJson.Options);
    private long _sequence;

    /// <summary>Where the next event goes.</summary>
    public IBufferWriter<byte> Output { get; set; } = new ArrayBufferWriter<byte>();

    /// <summary>Begins an event; its further members are written by the caller.</summary>
    public Utf8JsonWriter Open(string type)
    {
        Output.Write("event: "u8);
        Output.Advance(System.Text.Encoding.ASCII.GetBytes(type, Output.GetSpan(type.Length)));
        Output.Write("\ndata: "u8);
        _json.Reset(Output);
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
        _json.WriteNumber("sequence_number"u8, _sequence++);
        return _json;
    }

    /// <summary>Ends the event.</summary>
    public void Close()
    {
        _json.WriteEndObject();
        _json.Flush();
        Output.Write("\n\n"u8);
    }

    /// <summary>Writes <c>response.output_item.added</c>.</summary>
    public void ItemAdded(int index, RawJson item) => Item("response.output_item.added", index, item);

    /// <summary>Writes <c>response.output_item.done</c>.</summary>
    public void ItemDone(int index, RawJson item) => Item("response.output_item.done", index, item);

    /// <summary>Writes a delta.</summary>
    /// <param name="type">The event's type.</param>
    /// <param name="itemId">The open item's id.</param>
    /// <param name="index">Of the item.</param>
    /// <param name="inner">The name of the index within the item, which is 0; null where there is none.</param>
    /// <param name="text">The new text.</param>
    public void Delta(string type, string itemId, int index, string? inner, string text)
    {
        var json = Open(type);
        json.WriteString("item_id"u8, itemId);
        json.WriteNumber("output_index"u8, index);
        if (inner is not null)
        {
            json.WriteNumber(inner, 0);
        }

        json.WriteString("delta"u8, text);
        Close();
    }

    /// <summary>One JSON value as bytes.</summary>
    public static RawJson Raw(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ResponsesJson.Options))
        {
            write(json);
        }

        return new RawJson(buffer.WrittenMemory);
    }

    private void Item(string type, int index, RawJson item)
    {
        var json = Open(type);
        json.WriteNumber("output_index"u8, index);
        json.WritePropertyName("item"u8);
        item.WriteTo(json);
        Close();
    }
}
