using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAICompletions;

/// <summary>
/// The legal stream: any number of chunks with text; one with a finish reason; at most one usage chunk (<c>choices:[]</c>); <c>[DONE]</c>.
/// An error event may come instead of any of these and then only <c>[DONE]</c>. Comments anywhere.
/// </summary>
internal sealed class OpenAICompletionsGrammar : IStreamGrammar
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    private State _state;
    private string? _id;
    private string? _violation;

    private enum State
    {
        Body,
        Finished,
        UsageSent,
        Error,
        Done,
    }

    /// <inheritdoc/>
    public string? Accept(in SseFrame frame)
    {
        if (_violation is not null || !frame.HasData)
        {
            return _violation;
        }

        return _violation = Check(frame);
    }

    /// <inheritdoc/>
    public string? Complete() => _violation ?? _state switch
    {
        State.Done or State.Error => null,
        State.Body => "the stream ended without a finish_reason",
        _ => "the stream ended without [DONE]",
    };

    private string? Check(in SseFrame frame)
    {
        if (_state == State.Done)
        {
            return "data after [DONE]";
        }

        if (!frame.Event.IsEmpty)
        {
            return "a completion stream has no event names";
        }

        if (frame.Data.Span.SequenceEqual("[DONE]"u8))
        {
            var early = _state == State.Body;
            _state = State.Done;
            return early ? "[DONE] before a finish_reason" : null;
        }

        if (_state == State.Error)
        {
            return "data after an error";
        }

        try
        {
            using var chunk = JsonDocument.Parse(frame.Data, Deep);
            return Step(chunk.RootElement);
        }
        catch (JsonException)
        {
            return "a chunk is not JSON";
        }
    }

    private string? Step(JsonElement chunk)
    {
        if (chunk.ValueKind != JsonValueKind.Object)
        {
            return "a chunk is not an object";
        }

        if (chunk.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
        {
            _state = State.Error;
            return null;
        }

        if (Text(chunk, "object") != "text_completion")
        {
            return "object is not text_completion";
        }

        var id = Text(chunk, "id");
        _id ??= id;
        if (id is null || id != _id)
        {
            return "the id is missing or changed";
        }

        if (!chunk.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() > 1)
        {
            return "choices is not an array of at most one";
        }

        return choices.GetArrayLength() == 0 ? Usage(chunk) : Choice(choices[0]);
    }

    private string? Usage(JsonElement chunk)
    {
        if (_state != State.Finished || !chunk.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object)
        {
            return "a chunk without choices that is not the usage chunk after the finish_reason";
        }

        _state = State.UsageSent;
        return null;
    }

    private string? Choice(JsonElement choice)
    {
        if (_state != State.Body)
        {
            return "text after the finish_reason";
        }

        if (choice.ValueKind != JsonValueKind.Object || Text(choice, "text") is null)
        {
            return "a choice without text";
        }

        if (Text(choice, "finish_reason") is not null)
        {
            _state = State.Finished;
        }

        return null;
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;
}
