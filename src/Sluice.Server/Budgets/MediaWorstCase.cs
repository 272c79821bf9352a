using Sluice.Core.Pricing;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIMedia;

namespace Sluice.Server.Budgets;

/// <summary>The most that images, sound or a video are thought to cost before they are asked for: what was asked for, in the units that the price list charges by.</summary>
internal static class MediaWorstCase
{
    // What OpenAI's lists and guides of 2026 say of the largest picture at the highest quality, of the longest video, and of sound.
    private const long TokensOfAnImage = 6_240;
    private const long LongestVideo = 12_000;
    private const long SoundTokensPerSecond = 20;

    /// <summary>In nano-dollars; null where the list has no rate for it.</summary>
    /// <param name="sheet">The endpoint's rates.</param>
    /// <param name="makes">What the operation makes.</param>
    /// <param name="ask">What is asked for.</param>
    /// <param name="input">Tokens of the prompt, estimated.</param>
    /// <param name="at">When.</param>
    public static long? Of(PriceSheet? sheet, Products makes, MediaAsk ask, long input, DateTimeOffset at)
    {
        var usage = Most(sheet, makes, ask);
        var cost = Pricer.Price(sheet, sheet?.Input is null ? usage : usage with { Input = input }, at);
        return cost.IsUnpriced ? null : cost.NanoUsd;
    }

    // Tokens stand in where the list has a rate for them and none for the unit: only one of both is charged in the end.
    private static TokenUsage Most(PriceSheet? sheet, Products makes, MediaAsk ask)
    {
        var sound = ask.AudioMilliseconds ?? SoundLength.OfText(ask.Characters);
        var soundTokens = sound * SoundTokensPerSecond / 1000;
        switch (makes)
        {
            case Products.Images:
                var byTokens = sheet?.Media is { ImageOutput: not null, Image.Count: 0 };
                return new TokenUsage { Media = new MediaUsage { Images = ask.Images, ImageOutput = byTokens ? ask.Images * TokensOfAnImage : null, Size = ask.Size, Quality = ask.Quality } };
            case Products.Videos:
                return new TokenUsage { Media = new MediaUsage { VideoMilliseconds = ask.VideoMilliseconds ?? LongestVideo, Size = ask.Size } };
            case Products.Speech:
                return new TokenUsage { AudioOutput = sheet?.AudioOutput is null ? 0 : soundTokens, Media = new MediaUsage { Characters = ask.Characters, AudioMilliseconds = sound } };
            default:
                return new TokenUsage
                {
                    AudioInput = sheet?.AudioInput is null ? 0 : soundTokens,
                    Output = sheet?.Output is null ? 0 : soundTokens,
                    Media = new MediaUsage { AudioMilliseconds = sound },
                };
        }
    }
}
