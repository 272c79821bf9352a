using System.Text;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIMedia;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIMedia;

/// <summary>What requests for media ask for, and what answers say was made: whatever money hangs on.</summary>
public sealed class MediaReadingTests
{
    [Fact]
    public void Ask_OfAnImageRequest_HasCountSizeAndQuality()
    {
        var ask = MediaAskReader.OfJson("""{"model":"m","prompt":"four","n":4,"size":"1792x1024","quality":"hd","provider":{"n":9},"image":["data:…"]}"""u8);

        Assert.Equal((4, "1792x1024", "hd", 4), (ask.Images, ask.Size, ask.Quality, ask.TextBytes));
    }

    [Fact]
    public void Ask_OfASpeechRequest_CountsCharactersNotBytes()
    {
        // An umlaut is two bytes, an emoji two UTF-16 units; escapes are one character each.
        var ask = MediaAskReader.OfJson("""{"input":"ä\u00e4🎵","stream_format":"sse"}"""u8);

        Assert.Equal((4, true), (ask.Characters, ask.Stream));
    }

    [Theory]
    [InlineData("""{"seconds":"8","size":"1280x720"}""", 8_000, "1280x720")]
    [InlineData("""{"duration":5,"resolution":"720p"}""", 5_000, "720p")]
    [InlineData("""{"seconds":"-3"}""", null, null)]
    [InlineData("""{"seconds":1e300}""", null, null)]
    [InlineData("""{"seconds":99999999}""", 3_600_000, null)]
    public void Ask_OfAVideoRequest_HasLengthAndSize(string body, int? milliseconds, string? size)
    {
        var ask = MediaAskReader.OfJson(Encoding.UTF8.GetBytes(body));

        Assert.Equal((milliseconds, size), (ask.VideoMilliseconds, ask.Size));
    }

    [Theory]
    [InlineData("""{"data":[{"b64_json":"AA"},{"b64_json":"BB"}],"size":"1024x1024","quality":"high","usage":{"input_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40},"output_tokens":4160,"total_tokens":4210}}""", 10, 40, 4160)]
    [InlineData("""{"data":[{},{}],"size":"1024x1024","quality":"high","usage":{"input_tokens":9,"output_tokens":100,"output_tokens_details":{"image_tokens":80,"text_tokens":20}}}""", 9, null, 80)]
    [InlineData("""{"data":[{},{}],"size":"1024x1024","quality":"high"}""", null, null, null)]
    public void Answer_OfImages_HasItsCounts(string body, int? text, int? imageInput, int? imageOutput)
    {
        var answer = MediaAnswer.Read(SurfaceOperation.MakeImage, Encoding.UTF8.GetBytes(body));

        Assert.Equal((true, false, 2, "1024x1024", "high"), (answer.IsJsonObject, answer.IsError, answer.Items, answer.Size, answer.Quality));
        Assert.Equal((text, imageInput, imageOutput), (answer.Usage?.Input, answer.Usage?.Media?.ImageInput, answer.Usage?.Media?.ImageOutput));
        Assert.Null(answer.JobId);
    }

    [Fact]
    public void Answer_OfATranscript_HasTokensOrTime()
    {
        var tokens = MediaAnswer.Read(SurfaceOperation.Transcribe, """{"text":"x","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":3,"audio_tokens":11},"output_tokens":5}}"""u8);
        var time = MediaAnswer.Read(SurfaceOperation.Transcribe, """{"text":"x","duration":3.25,"usage":{"type":"duration","seconds":4}}"""u8);

        Assert.Equal((3, 11, 5), (tokens.Usage!.Input, tokens.Usage.AudioInput, tokens.Usage.Output));
        Assert.Equal((4_000, 3_250), (time.Usage!.Media!.AudioMilliseconds, time.Milliseconds));
    }

    [Fact]
    public void Answer_OfOpenRouter_HasTheCostThatItBills() =>
        Assert.Equal(39_000_000, MediaAnswer.Read(SurfaceOperation.MakeImage, """{"data":[{}],"usage":{"prompt_tokens":5,"completion_tokens":10,"cost":0.039}}"""u8).Usage!.ReportedCostNanoUsd);

    [Theory]
    [InlineData(SurfaceOperation.MakeVideo, """{"id":"video_1","object":"video","status":"queued","seconds":"4","error":null}""", "video_1", false)]
    [InlineData(SurfaceOperation.MakeVideo, """{"id":"video_1","status":"failed","error":{"code":"moderation","message":"no"}}""", "video_1", false)]
    [InlineData(SurfaceOperation.MakeImage, """{"id":"task-unified-1","object":"image.generation.task","status":"pending"}""", "task-unified-1", false)]
    [InlineData(SurfaceOperation.MakeImage, """{"id":"gen-1","data":[{}]}""", null, false)]
    [InlineData(SurfaceOperation.MakeVideo, """{"error":{"message":"no"}}""", null, true)]
    public void Answer_OfAJob_HasItsId(SurfaceOperation operation, string body, string? id, bool isError)
    {
        var answer = MediaAnswer.Read(operation, Encoding.UTF8.GetBytes(body));

        Assert.Equal((id, isError), (answer.JobId, answer.IsError));
    }

    [Fact]
    public void WithJob_ReplacesIdAndAddressAlone()
    {
        var body = """{ "id" : "up-1", "polling_url":"https://elsewhere.example/v1/videos/up-1","status": "pending","x":{"id":"inner"}}"""u8.ToArray();
        var answer = MediaAnswer.Read(SurfaceOperation.MakeVideo, body);

        Assert.Equal(
            """{ "id" : "video_9", "polling_url":"http://here/api/v1/videos/video_9","status": "pending","x":{"id":"inner"}}""",
            Encoding.UTF8.GetString(answer.WithJob(body, "video_9", "http://here/api/v1/videos/video_9").Span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("<html>")]
    [InlineData("{\"data\":[")]
    [InlineData("{} {}")]
    public void Answer_ThatIsNoObject_IsNone(string body) => Assert.False(MediaAnswer.Read(SurfaceOperation.MakeImage, Encoding.UTF8.GetBytes(body)).IsJsonObject);

    [Fact]
    public void Wav_OfAnyHead_HasItsLength()
    {
        // 16,000 bytes a second: 16 kHz of 8 bit, or 8 kHz of 16 bit; a LIST chunk of odd length stands before the data.
        byte[] file = [.. "RIFF"u8, 0, 0, 0, 0, .. "WAVEfmt "u8, 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0, .. "LIST"u8, 3, 0, 0, 0, 1, 2, 3, 0, .. "data"u8, 0x40, 0x1F, 0, 0, .. new byte[8000]];

        Assert.Equal(500, SoundLength.OfWav(file));
        Assert.Null(SoundLength.OfWav("ID3"u8));
        for (var length = 0; length < 60; length++)
        {
            Assert.True(SoundLength.OfWav(file.AsSpan(0, length)) is null or 0);
        }
    }

    [Fact]
    public void Wav_ThatClaimsManyBytesASecond_IsAsLongAsItsSamples()
    {
        // 8 kHz of 16 bit, with 4 GB a second in the header that no decoder reads: half a second of sound all the same.
        byte[] file = [.. "RIFF"u8, 0, 0, 0, 0, .. "WAVEfmt "u8, 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 2, 0, 16, 0, .. "data"u8, 0x40, 0x1F, 0, 0, .. new byte[8000]];
        Assert.Equal(500, SoundLength.OfWav(file));

        // A packed sound has no bits a sample: its bytes a second count, at most those of eight channels at 192 kHz.
        file[34] = 0;
        Assert.Equal(1, SoundLength.OfWav(file));
    }

    [Fact]
    public void Wav_OfAStream_HasTheLengthOfWhatIsThere()
    {
        byte[] head = [.. "RIFF"u8, 0, 0, 0, 0, .. "WAVEfmt "u8, 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x80, 0x3E, 0, 0, 2, 0, 16, 0, .. "data"u8];
        Assert.Equal(500, SoundLength.OfWav([.. head, 0, 0, 0, 0, .. new byte[8000]]));
        Assert.Equal(500, SoundLength.OfWav([.. head, 0xFF, 0xFF, 0xFF, 0xFF, .. new byte[8000]]));
    }
}
