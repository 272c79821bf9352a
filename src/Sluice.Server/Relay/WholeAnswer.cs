using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Attempts;
using Sluice.Server.ToolCalls;
using Sluice.Upstreams;

namespace Sluice.Server.Relay;

/// <summary>Reads one whole upstream answer and makes the client's bytes of it.</summary>
internal static class WholeAnswer
{
    // Larger than any model's output window in JSON; an upstream that sends more is broken.
    private const int MaxAnswer = 64 * 1024 * 1024;

    /// <summary>The answer's body, bounded; null when it is larger than any answer can be.</summary>
    public static async Task<ArrayBufferWriter<byte>?> ReadAsync(UpstreamAnswer answer, AttemptClock clock, CancellationToken cancellation, int max = MaxAnswer)
    {
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(answer.ContentLength ?? 16 * 1024, 1024, 1024 * 1024));
        var started = false;
        while (true)
        {
            var read = await answer.Body.ReadAsync(body.GetMemory(4096), cancellation);
            if (read == 0)
            {
                return body;
            }

            body.Advance(read);
            clock.Progress();
            if (!started && body.WrittenSpan.ContainsAnyExcept(" \t\r\n"u8))
            {
                // From here on silence counts, not the length of the answer.
                started = true;
                clock.FirstContent();
            }

            if (body.WrittenCount > max)
            {
                return null;
            }
        }
    }

    /// <summary>The answer as the client gets it; what it says of itself is noted on the attempt. An error where the answer is none, with a success status or not.</summary>
    public static (ReadOnlyMemory<byte> Bytes, UpstreamError? Error, bool HasContent) ForClient(InferenceRequest request, Attempt attempt, ReadOnlyMemory<byte> body)
    {
        var upstream = WireFormats.Upstream(attempt.Wire);
        return attempt.Native
            ? Native(request, attempt, body, upstream)
            : Translated(request, attempt, body, upstream);
    }

    /// <summary>The same bytes for a client of the same protocol, after a look at what they say.</summary>
    private static (ReadOnlyMemory<byte> Bytes, UpstreamError? Error, bool HasContent) Native(InferenceRequest request, Attempt attempt, ReadOnlyMemory<byte> body, IUpstreamFormat format)
    {
        var dialect = attempt.Candidate.Provider.Dialect;
        var facts = NativeResponses.Inspect(format.Protocol, body.Span, (json, previous) => format.ReadUsage(json, previous, dialect));
        attempt.Usage = facts.Usage;
        attempt.ContentBytes = facts.ContentBytes;
        if (!facts.IsJsonObject)
        {
            return (body, new UpstreamError(ErrorKind.BadResponse, "The provider's answer is not a JSON object."), false);
        }

        if (!facts.IsError)
        {
            ReasoningReplays.Remember(body, format, request, attempt);
            ToolCallMeter.Watch(facts.StopReason == StopReason.ToolUse && ToolCallMeter.Watches(request) ? format.ReadResponse(body, dialect).Value : null, request, attempt);
        }

        return facts.IsError
            ? (body, format.ReadError(0, body.Span), false)
            : (body, null, facts.HasContent || facts.StopReason is not (null or StopReason.EndTurn));
    }

    /// <summary>A translation for a client of another protocol.</summary>
    private static (ReadOnlyMemory<byte> Bytes, UpstreamError? Error, bool HasContent) Translated(
        InferenceRequest request, Attempt attempt, ReadOnlyMemory<byte> body, IUpstreamFormat upstream)
    {
        var parsed = upstream.ReadResponse(body, attempt.Candidate.Provider.Dialect);
        if (parsed.Error is { } error)
        {
            return (default, error, false);
        }

        var target = StreamRelays.TargetOf(request, attempt);
        var response = ToolFolding.Restore(parsed.Value!, target.Tools, upstream.Protocol);
        ReasoningReplays.Remember(response, request, attempt);
        ToolCallMeter.Watch(response, request, attempt);
        attempt.Usage = response.Usage;
        attempt.ContentBytes = body.Length;
        var output = new ArrayBufferWriter<byte>(body.Length + 512);
        request.Surface.Format.WriteResponse(response, target, attempt.Degradations, output);
        return (output.WrittenMemory, null, HasContent(response));
    }

    private static bool HasContent(ConversationResponse response)
    {
        if (response.StopReason != StopReason.EndTurn)
        {
            return true;
        }

        foreach (var part in response.Parts)
        {
            if (part is not (TextPart { Text.Length: 0 } or ThinkingPart { Text.Length: 0 }))
            {
                return true;
            }
        }

        return false;
    }
}
