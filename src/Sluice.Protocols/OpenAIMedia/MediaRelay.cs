using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>
/// Relays streams of images, sound and transcripts, whose events name themselves: <c>{"type":"image_generation.partial_image","b64_json":…}</c> up to
/// <c>….completed</c>, <c>speech.audio.delta</c> up to <c>….done</c>, <c>transcript.text.delta</c> up to <c>….done</c>. The last ones carry usage. Of
/// several images each is completed by itself, so only the connection's end says that no further one comes.
/// </summary>
internal sealed class MediaRelay(SurfaceOperation operation, NativeStreamOptions options) : NativeRelay(options)
{
    private readonly MediaUsageReader.Output _made = operation.Makes() switch
    {
        Products.Images => MediaUsageReader.Output.Images,
        Products.Speech => MediaUsageReader.Output.Sound,
        _ => MediaUsageReader.Output.Text,
    };

    private long _completed;

    /// <inheritdoc/>
    protected override UpstreamError? Read(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
        var type = "";
        var isError = false;
        TokenUsage? usage = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                usage = MediaUsageReader.Read(ref reader, _made);
                continue;
            }

            var isType = reader.ValueTextEquals("type"u8);
            var error = reader.ValueTextEquals("error"u8);
            reader.Read();
            type = isType && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 64 ? reader.GetString()! : type;
            isError |= error && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
            reader.Skip();
        }

        if (isError || type == "error")
        {
            return Options.ReadError(frame.Data);
        }

        ContentBytes += data.Length;
        var completes = type.EndsWith(".completed", StringComparison.Ordinal);
        var ends = type.EndsWith(".done", StringComparison.Ordinal);
        if (completes || ends)
        {
            _completed++;
            Usage = Sum(Usage, usage ?? TokenUsage.Unknown);
            Ended |= ends;
        }

        Pass(frame, SegmentRole.Content, output);
        if (ends)
        {
            output.Signal(SegmentRole.Terminal);
        }

        return null;
    }

    /// <inheritdoc/>
    protected override bool ReadDone(in SseFrame frame, StreamSegments output)
    {
        Ended = true;
        Pass(frame, SegmentRole.Terminal, output);
        return true;
    }

    /// <inheritdoc/>
    protected override UpstreamError? Close(StreamSegments output) => _completed > 0 ? null : BadResponse("The upstream ended its stream before it was complete.");

    // Each image of several is counted in its own event.
    private TokenUsage Sum(TokenUsage before, TokenUsage more) => Counted(new TokenUsage
    {
        Input = Add(before.Input, more.Input),
        CacheRead = Add(before.CacheRead, more.CacheRead),
        AudioInput = Add(before.AudioInput, more.AudioInput),
        Output = Add(before.Output, more.Output),
        AudioOutput = Add(before.AudioOutput, more.AudioOutput),
        ReportedCostNanoUsd = Add(before.ReportedCostNanoUsd, more.ReportedCostNanoUsd),
        IsAnomalous = before.IsAnomalous || more.IsAnomalous,
        Media = new MediaUsage
        {
            ImageInput = Add(before.Media?.ImageInput, more.Media?.ImageInput),
            ImageOutput = Add(before.Media?.ImageOutput, more.Media?.ImageOutput),
            AudioMilliseconds = Add(before.Media?.AudioMilliseconds, more.Media?.AudioMilliseconds),
        },
    });

    private TokenUsage Counted(TokenUsage usage) => _made == MediaUsageReader.Output.Images ? usage with { Media = (usage.Media ?? new MediaUsage()) with { Images = _completed } } : usage;

    private static long? Add(long? a, long? b) => a is null ? b : a + (b ?? 0);
}
