using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIMedia;

/// <summary>OpenAI's speech: https://platform.openai.com/docs/api-reference/audio/createSpeech. The sound is silence of 50 ms a character, sent in pieces.</summary>
internal sealed class SpeechWire : MediaWire
{
    private const int MillisecondsPerCharacter = 50;
    private const int PieceBytes = 2048;

    public override WireRoute? Match(HttpRequest request) => MediaPath.Post(request, "/audio/speech");

    public override (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures) =>
        (route.Model ?? body.Text("model")) is not { Length: > 0 } model ? (null, NoModel)
        : body.Text("input") is not { Length: > 0 } ? (null, Missing("input"))
        : (new Prompt { Model = model, Body = body, LastUserText = Something, Stream = body.Text("stream_format") == "sse" }, null);

    public override byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Sound(prompt, answer);

    public override Reply Whole(Prompt prompt, Answer answer, UsageShape usage) => new()
    {
        ContentType = prompt.Body.Text("response_format") switch
        {
            "wav" => "audio/wav",
            "pcm" => "audio/pcm",
            "opus" => "audio/ogg",
            "aac" => "audio/aac",
            "flac" => "audio/flac",
            _ => "audio/mpeg",
        },
        Steps = [.. Sound(prompt, answer).Chunk(PieceBytes).Select(piece => Step.Send(new Frame(FrameKind.Delta, piece)))],
        Streaming = true,
    };

    public override IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage)
    {
        var sound = Sound(prompt, answer);
        var frames = sound.Chunk(PieceBytes).Select(piece => Event(FrameKind.Delta, "speech.audio.delta", w => w.WriteBase64String("audio"u8, piece))).ToList();
        frames.Add(Event(FrameKind.Terminal, "speech.audio.done", w => Tokens(w, usage, answer.Usage.Prompt, sound.Length / 100)));
        return frames;
    }

    private static byte[] Sound(Prompt prompt, Answer answer) =>
        answer.Blocks.Count == 0 ? [] : SampleMedia.Wav(prompt.Body.Text("input")!.Length * MillisecondsPerCharacter);
}
