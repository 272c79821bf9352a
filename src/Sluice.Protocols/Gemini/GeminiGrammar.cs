using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// The legal stream for a Gemini client: chunks with parts, each call whole; the last chunk has <c>finishReason</c> and
/// <c>usageMetadata</c>, or <c>promptFeedback</c>; an error may come instead of any chunk and is then the last. Nothing but <c>data:</c> lines and
/// blank lines: comments and event names break Google's clients.
/// </summary>
internal sealed class GeminiGrammar : IStreamGrammar
{
    private bool _any;
    private bool _finished;
    private bool _failed;
    private string? _id;
    private string? _violation;

    /// <inheritdoc/>
    public string? Accept(in SseFrame frame)
    {
        if (_violation is not null)
        {
            return _violation;
        }

        if (!frame.HasData)
        {
            return _violation = frame.Raw.Span.IndexOfAnyExcept("\r\n"u8) < 0 ? null : "something else than data lines and blank lines";
        }

        try
        {
            using var document = JsonDocument.Parse(frame.Data, GeminiJson.Deep);
            return _violation = frame.Event.IsEmpty ? Take(document.RootElement) : "an event name";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return _violation = "the data is not JSON: " + e.Message;
        }
    }

    /// <inheritdoc/>
    public string? Complete() => _violation ?? (_finished || _failed ? null : _any ? "no finishReason" : "the stream is empty");

    private string? Take(JsonElement chunk)
    {
        _any = true;
        if (_failed || _finished)
        {
            return "a chunk after the last one";
        }

        if (chunk.ValueKind != JsonValueKind.Object)
        {
            return "a chunk that is no object";
        }

        if (chunk.TryGetProperty("error"u8, out var error))
        {
            _failed = true;
            return error.ValueKind == JsonValueKind.Object && error.TryGetProperty("code"u8, out _) && error.TryGetProperty("message"u8, out _) && error.TryGetProperty("status"u8, out _)
                ? null
                : "an error without code, message and status";
        }

        var id = chunk.TryGetProperty("responseId"u8, out var value) ? value.GetString() : null;
        _id ??= id;
        if (string.IsNullOrEmpty(id) || id != _id)
        {
            return "the responseId is missing or changed";
        }

        if (!chunk.TryGetProperty("candidates"u8, out var candidates) || candidates.GetArrayLength() != 1)
        {
            return "not one candidate";
        }

        return Candidate(candidates[0], chunk.TryGetProperty("usageMetadata"u8, out var usage) && usage.TryGetProperty("totalTokenCount"u8, out _));
    }

    private string? Candidate(JsonElement candidate, bool hasUsage)
    {
        if (!candidate.TryGetProperty("content"u8, out var content) || !content.TryGetProperty("role"u8, out var role) || role.GetString() != "model")
        {
            return "a candidate without a model's content";
        }

        if (!content.TryGetProperty("parts"u8, out var parts) || parts.GetArrayLength() == 0)
        {
            return "a content without parts";
        }

        foreach (var part in parts.EnumerateArray())
        {
            if (Part(part) is { } wrong)
            {
                return wrong;
            }
        }

        if (!candidate.TryGetProperty("finishReason"u8, out _))
        {
            return null;
        }

        _finished = true;
        return hasUsage ? null : "finishReason without usageMetadata";
    }

    private static string? Part(JsonElement part)
    {
        if (!part.TryGetProperty("functionCall"u8, out var call))
        {
            return part.TryGetProperty("thought"u8, out var thought) && thought.ValueKind == JsonValueKind.True && part.EnumerateObject().Count() == 1
                ? "a thought without text"
                : null;
        }

        return call.TryGetProperty("willContinue"u8, out _) || call.TryGetProperty("partialArgs"u8, out _) ? "a call in pieces"
            : !call.TryGetProperty("name"u8, out var name) || name.GetString() is not { Length: > 0 } ? "a call without a name"
            : !call.TryGetProperty("args"u8, out var args) || args.ValueKind != JsonValueKind.Object ? "a call whose arguments are no object"
            : null;
    }
}
