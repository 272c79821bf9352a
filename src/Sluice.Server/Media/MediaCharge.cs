using Sluice.Core.Ledger;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Server.Attempts;

namespace Sluice.Server.Media;

/// <summary>
/// What an attempt for media is charged by: what the provider reported, else what was asked for. A job is charged when it is taken on, by the length
/// that the provider says it will have: nobody tells Sluice when it is done.
/// </summary>
internal static class MediaCharge
{
    /// <summary>The counts, and whether any of them that money hangs on was worked out here.</summary>
    public static (TokenUsage Usage, bool Estimated) Of(SurfaceOperation operation, MediaAsk ask, Attempt attempt, AttemptOutcome outcome)
    {
        var usage = attempt.Usage;
        if (!attempt.Accepted)
        {
            return (usage.IsReported ? usage : TokenUsage.Unknown, false);
        }

        var isFinished = outcome is AttemptOutcome.Succeeded or AttemptOutcome.Superseded && !attempt.Lost;
        var hasTokens = usage.Input is not null || usage.Output is not null;
        var price = attempt.Candidate.Endpoint.Price;
        var (media, estimated) = Units(operation, ask, usage.Media ?? new MediaUsage(), isFinished, hasTokens, chargesText: price?.Media?.Characters is not null);
        if (!hasTokens && price?.Input is not null && media.AudioMilliseconds is null)
        {
            // Whoever has a rate for text charges the prompt.
            usage = usage with { Input = attempt.Row.EstimatedInputTokens };
            estimated = true;
        }

        return (usage with { Media = media with { IsEstimated = estimated } }, estimated);
    }

    private static (MediaUsage Media, bool Estimated) Units(SurfaceOperation operation, MediaAsk ask, MediaUsage told, bool isFinished, bool hasTokens, bool chargesText)
    {
        var size = told.Size ?? ask.Size;
        switch (operation.Makes())
        {
            case Products.Images:
                return (told with { Images = told.Images is > 0 || isFinished ? told.Images ?? ask.Images : ask.Images, Size = size, Quality = told.Quality ?? ask.Quality }, told.Images is null);
            case Products.Videos:
                return (told with { VideoMilliseconds = told.VideoMilliseconds ?? ask.VideoMilliseconds, Size = size }, told.VideoMilliseconds is null);
            case Products.Speech when hasTokens || chargesText:
                return (told with { Characters = ask.Characters }, false);
            case Products.Speech:
                return (told with { Characters = ask.Characters, AudioMilliseconds = SoundLength.OfText(ask.Characters) }, true);
            case Products.Transcripts when told.AudioMilliseconds is not null || hasTokens:
                return (told, false);
            default:
                return (told with { AudioMilliseconds = ask.AudioMilliseconds }, !ask.AudioIsExact);
        }
    }
}
