using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Gemini;

/// <summary>What a whole answer says of itself, found without building anything from it.</summary>
internal static class GeminiResponseFacts
{
    /// <summary>Reads one JSON object; throws <see cref="JsonException"/> where it is broken.</summary>
    public static NativeResponseFacts Of(ReadOnlySpan<byte> body, UsageReader readUsage)
    {
        var chunk = new GeminiChunk { WantsId = true };
        chunk.Read(body);
        return new NativeResponseFacts
        {
            IsJsonObject = true,
            IsError = chunk.HasError,
            HasContent = chunk.HasContent || chunk.HasCall || chunk.Blocked,
            ContentBytes = chunk.ContentBytes,
            Usage = chunk.Usage is { } usage ? readUsage(body[usage], TokenUsage.Unknown).WithSearches(WebSearchReader.Charged(chunk.Queries, chunk.Model)) : TokenUsage.Unknown,
            StopReason = StopReasonOf(chunk, chunk.HasCall),
            Id = chunk.Id,
        };
    }

    /// <summary>Why the answer ended, as far as this chunk says.</summary>
    /// <param name="chunk">The chunk that finishes the answer, or another one.</param>
    /// <param name="called">A call has been seen in this answer.</param>
    public static StopReason? StopReasonOf(in GeminiChunk chunk, bool called) =>
        chunk.Finish is { } word ? GeminiWords.ToStopReason(word, called)
        : chunk.Blocked ? StopReason.Refusal
        : null;
}
