using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Server.Relay;
using Sluice.Server.ToolCalls;

namespace Sluice.Server.Attempts;

/// <summary>Chooses how one attempt's stream reaches the client: its own bytes, or a translation.</summary>
internal static class StreamRelays
{
    /// <summary>A relay for one answer.</summary>
    public static IStreamRelay Create(InferenceRequest request, Attempt attempt) => StreamFramings.Around(request.Surface, Events(request, attempt));

    /// <summary>A relay for an answer whose events are images, sound or a transcript.</summary>
    public static IStreamRelay OfMedia(InferenceRequest request, Attempt attempt) => MediaStreams.Events(request.Surface.Operation, Native(request, attempt));

    private static IStreamRelay Events(InferenceRequest request, Attempt attempt)
    {
        var upstream = WireFormats.Upstream(attempt.Wire);
        return attempt.Native
            ? ToolCallMeter.Watch(ReasoningReplays.Remember(NativeRelays.CreateStream(attempt.Wire, Native(request, attempt)), upstream, request, attempt), upstream, request, attempt)
            : Translated(request, attempt, upstream.CreateStreamReader(attempt.Candidate.Provider.Dialect));
    }

    private static NativeStreamOptions Native(InferenceRequest request, Attempt attempt)
    {
        var upstream = WireFormats.Upstream(attempt.Wire);
        var dialect = attempt.Candidate.Provider.Dialect;
        return new NativeStreamOptions
        {
            ReadError = data => upstream.ReadError(0, data.Span),
            ReadUsage = (json, previous) => upstream.ReadUsage(json, previous, dialect),
            DropUsageChunk = !WantsUsage(request),
            DropNullMembers = request.Surface.IsOpenRouters,
        };
    }

    private static TranslatedRelay Translated(InferenceRequest request, Attempt attempt, IStreamReader reader)
    {
        var target = TargetOf(request, attempt);
        var told = ReasoningReplays.Remember(ToolFolding.Restore(reader, target.Tools, attempt.Wire), request, attempt);
        return new TranslatedRelay(ToolCallMeter.Watch(told, request, attempt), request.Surface.Format.CreateStreamWriter(target, attempt.Degradations));
    }

    /// <summary>What the answer writer must know of the client.</summary>
    public static ClientTarget TargetOf(InferenceRequest request, Attempt attempt) => new(request.NameFor(attempt.Candidate), request.Id)
    {
        IncludeUsage = WantsUsage(request),
        Tools = request.Conversation?.Value?.Tools ?? [],
        Created = request.StartedAt.ToUnixTimeSeconds(),
        EstimatedInputTokens = attempt.Row.EstimatedInputTokens,
    };

    private static bool WantsUsage(InferenceRequest request) => request.Envelope.IncludeStreamUsage || request.Surface.IsOpenRouters;
}
