using Sluice.Core.Pricing;
using Sluice.Protocols.Conversation;
using Xunit;

namespace Sluice.Core.Tests.Pricing;

/// <summary>Units of images, sound and video as money; amounts by hand. What no rate covers is an alarm.</summary>
public sealed class MediaPricerTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly PriceSheet ByImage = new() { Media = new MediaRates { Image = [new(0.04m), new(0.08m, "1792x1024"), new(0.08m, null, "hd"), new(0.12m, "1792x1024", "hd")] } };
    private static readonly PriceSheet ByToken = new() { Input = 5, CacheRead = 1.25m, Media = new MediaRates { ImageInput = 10, ImageOutput = 40 } };
    private static readonly PriceSheet BySizeAlone = new() { Media = new MediaRates { VideoSecond = [new(0.3m, "1280x720"), new(0.5m, "1792x1024")] } };
    private static readonly PriceSheet Whisper = new() { Media = new MediaRates { AudioSecond = 0.0001m } };
    private static readonly PriceSheet Speaker = new() { Media = new MediaRates { Characters = 15 } };
    private static readonly PriceSheet Scribe = new() { Input = 2.5m, Output = 10, AudioInput = 6 };

    public static TheoryData<string, PriceSheet?, TokenUsage, long, bool> Examples() => new()
    {
        { "an image of the plain rate", ByImage, new() { Media = new() { Images = 1, Size = "1024x1024", Quality = "standard" } }, 40_000_000, false },
        { "three of a size", ByImage, new() { Media = new() { Images = 3, Size = "1792x1024" } }, 240_000_000, false },
        { "one of a quality", ByImage, new() { Media = new() { Images = 1, Quality = "HD" } }, 80_000_000, false },
        { "one of both", ByImage, new() { Media = new() { Images = 1, Size = "1792x1024", Quality = "hd" } }, 120_000_000, false },
        { "an image whose tokens are told beside", ByImage, new() { Input = 10, Output = 0, Media = new() { Images = 1, ImageOutput = 4160 } }, 40_000_000, false },
        { "tokens of images", ByToken, new() { Input = 10, Output = 0, Media = new() { Images = 1, ImageInput = 40, ImageOutput = 4160 } }, 50_000 + 400_000 + 166_400_000, false },
        { "an image without its tokens", ByToken, new() { Input = 10, Media = new() { Images = 1 } }, 50_000, true },
        { "eight seconds of a size", BySizeAlone, new() { Media = new() { VideoMilliseconds = 8_000, Size = "1792x1024" } }, 4_000_000_000, false },
        { "a size that is not listed", BySizeAlone, new() { Media = new() { VideoMilliseconds = 8_000, Size = "4096x2160" } }, 0, true },
        { "a video of unknown length", BySizeAlone, new() { Media = new() { Size = "1280x720" } }, 0, true },
        { "three seconds of sound and a half", Whisper, new() { Media = new() { AudioMilliseconds = 3_500 } }, 350_000, false },
        { "eleven characters", Speaker, new() { Media = new() { Characters = 11 } }, 165_000, false },
        { "a transcript by tokens", Scribe, new() { Input = 3, AudioInput = 11, Output = 5, Media = new() }, 7_500 + 66_000 + 50_000, false },
        { "a transcript by tokens that nobody told", Scribe, new() { Media = new() { AudioMilliseconds = 3_000 } }, 0, true },
        { "no list at all", null, new() { Media = new() { Images = 1 } }, 0, true },
        { "a list of text for an image", Scribe, new() { Media = new() { Images = 1 } }, 0, true },
        { "garbage", ByImage, new() { Media = new() { Images = -5 } }, 0, true },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void Price_OfMedia_IsAsByHand(string what, PriceSheet? sheet, TokenUsage usage, long nano, bool isUnpriced)
    {
        Assert.NotEmpty(what);
        Assert.Equal(new Cost(nano, isUnpriced), Pricer.Price(sheet, usage, Now));
    }

    [Fact]
    public void Price_OfAGateway_IsWhatItReports() =>
        Assert.Equal(new Cost(39_000_000, false), Pricer.Price(ByImage, new TokenUsage { ReportedCostNanoUsd = 39_000_000, Media = new() { Images = 1 } }, Now, new PricingTerms { PreferReportedCost = true }));
}
