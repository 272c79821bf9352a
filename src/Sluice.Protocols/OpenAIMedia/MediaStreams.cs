using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>Relays for answers of media that come bit by bit.</summary>
public static class MediaStreams
{
    /// <summary>A relay for events of images, sound or transcripts.</summary>
    public static IStreamRelay Events(SurfaceOperation operation, NativeStreamOptions options) => new MediaRelay(operation, options);

    /// <summary>A relay for bytes that are sound themselves, as <see cref="ByteFrames"/> cuts them.</summary>
    public static IStreamRelay Bytes() => new ByteRelay();
}
