using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Server.Attempts;
using Sluice.Upstreams;

namespace Sluice.Server.Media;

/// <summary>How an answer with images, sound, a transcript or a job comes.</summary>
internal enum MediaShape
{
    /// <summary>In one piece: JSON, or the text of a transcript.</summary>
    Whole,

    /// <summary>As server-sent events.</summary>
    Events,

    /// <summary>As the bytes of a sound.</summary>
    Bytes,

    /// <summary>As none of these: a proxy's page.</summary>
    Page,
}

/// <summary>
/// Reads what comes of a request for media. What was asked for does not tell how the answer comes (some models ignore <c>stream</c>, and speech comes as
/// bytes or as events), so its content type does.
/// </summary>
internal static class MediaAnswers
{
    /// <summary>The shape of an answer with a success status.</summary>
    public static MediaShape ShapeOf(SurfaceOperation operation, UpstreamAnswer answer) =>
        answer.IsEventStream ? MediaShape.Events
        : answer.IsJson ? MediaShape.Whole
        : IsPage(answer) ? MediaShape.Page
        : operation == SurfaceOperation.Speak ? MediaShape.Bytes
        : MediaShape.Whole;

    /// <summary>A whole answer as the client gets it; what it says of itself is noted on the attempt. An error where the answer is none, with a success status or not.</summary>
    public static (ReadOnlyMemory<byte> Bytes, UpstreamError? Error, bool HasContent) ForClient(InferenceRequest request, Attempt attempt, UpstreamAnswer answer, ReadOnlyMemory<byte> body, JobIds jobs)
    {
        attempt.ContentBytes = body.Length;
        attempt.Told = (answer.ContentType ?? "application/json", answer.Status);
        var operation = request.Surface.Operation;
        if (!answer.IsJson && operation.Makes() == Products.Transcripts)
        {
            // Plain text, or subtitles.
            return (body, null, !body.Span.TrimEnd("\r\n "u8).IsEmpty);
        }

        var read = MediaAnswer.Read(operation, body.Span);
        attempt.Usage = UsageOf(operation, read);
        if (!read.IsJsonObject)
        {
            return (body, new UpstreamError(ErrorKind.BadResponse, "The provider's answer is not a JSON object."), false);
        }

        if (read.IsError)
        {
            return (body, WireFormats.Upstream(attempt.Wire).ReadError(0, body.Span), false);
        }

        if (read.JobId is { } upstreamId)
        {
            var id = jobs.Make(request, attempt.Candidate, upstreamId);
            return id is null
                ? (body, new UpstreamError(ErrorKind.BadResponse, "The provider's id of the job cannot be one."), false)
                : (read.WithJob(body, id, PollingAddress.Of(request.Http.Request, id)), null, true);
        }

        return operation.Makes() == Products.Videos
            ? (body, new UpstreamError(ErrorKind.BadResponse, "The provider's answer names no job."), false)
            : (body, null, operation.Makes() != Products.Images || read.Items > 0);
    }

    private static TokenUsage UsageOf(SurfaceOperation operation, MediaAnswer read)
    {
        var usage = read.Usage ?? TokenUsage.Unknown;
        var media = usage.Media ?? new MediaUsage();
        return usage with
        {
            Media = operation.Makes() switch
            {
                Products.Images => media with { Images = read.JobId is null ? read.Items : null, Size = read.Size, Quality = read.Quality },
                Products.Transcripts => media with { AudioMilliseconds = media.AudioMilliseconds ?? (usage.Input is null ? read.Milliseconds : null) },
                Products.Videos => media with { VideoMilliseconds = read.Milliseconds, Size = read.Size },
                _ => media,
            },
        };
    }

    /// <summary>It is a page, which no provider of media answers with.</summary>
    public static bool IsPage(UpstreamAnswer answer) => answer.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) ?? false;
}
