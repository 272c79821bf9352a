using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIMedia;

/// <summary>
/// OpenAI's transcriptions and translations of sound: https://platform.openai.com/docs/api-reference/audio/createTranscription. What is "heard" is the
/// file's name and size. Models named <c>whisper…</c> charge by time and do not stream, as there.
/// </summary>
internal sealed class TranscriptWire : MediaWire
{
    // The WAV files of this simulator; what else is sent counts as if it were one.
    private const double BytesPerSecond = SampleMedia.WavBytesPerSecond;

    public override WireRoute? Match(HttpRequest request) => MediaPath.Post(request, "/audio/transcriptions", "/audio/translations");

    public override (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        if ((route.Model ?? body.Text("model")) is not { Length: > 0 } model)
        {
            return (null, NoModel);
        }

        return body.Member("file").ValueKind != JsonValueKind.Object && body.Member("input_audio").ValueKind != JsonValueKind.Object
            ? (null, Missing("file"))
            : (new Prompt { Model = model, Body = body, LastUserText = Something, Stream = Flag(body, "stream") && !IsWhisper(model) }, null);
    }

    public override Reply Whole(Prompt prompt, Answer answer, UsageShape usage)
    {
        var text = Heard(prompt, answer);
        return prompt.Body.Text("response_format") switch
        {
            "text" => Plain(text + "\n", "text/plain; charset=utf-8"),
            "srt" => Plain($"1\n00:00:00,000 --> 00:00:01,000\n{text}\n\n", "text/plain; charset=utf-8"),
            "vtt" => Plain($"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{text}\n\n", "text/vtt; charset=utf-8"),
            _ => Reply.Json(Document(prompt, answer, usage)),
        };
    }

    public override byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("text"u8, Heard(prompt, answer));
        if (prompt.Body.Text("response_format") == "verbose_json")
        {
            w.WriteString("language"u8, "english"u8);
            w.WriteNumber("duration"u8, Seconds(prompt));
        }

        Usage(w, prompt, answer, usage);
        w.WriteEndObject();
    });

    public override IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage)
    {
        var text = Heard(prompt, answer);
        return
        [
            .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => Event(FrameKind.Delta, "transcript.text.delta", w => w.WriteString("delta"u8, word + " "))),
            Event(FrameKind.Terminal, "transcript.text.done", w =>
            {
                w.WriteString("text"u8, text);
                Usage(w, prompt, answer, usage);
            }),
        ];
    }

    private static void Usage(Utf8JsonWriter w, Prompt prompt, Answer answer, UsageShape usage)
    {
        if (!IsWhisper(prompt.Model))
        {
            Tokens(w, usage, answer.Usage.Prompt, output: 5, ("audio_tokens", (int)Math.Ceiling(Seconds(prompt) * 10)));
        }
        else if (usage != UsageShape.Missing)
        {
            w.WriteStartObject("usage"u8);
            w.WriteString("type"u8, "duration"u8);
            w.Count("seconds"u8, (int)Math.Ceiling(Seconds(prompt)), usage);
            w.WriteEndObject();
        }
    }

    private static string Heard(Prompt prompt, Answer answer) => answer.Blocks.Count == 0 ? "" : prompt.Body.Member("file") is { ValueKind: JsonValueKind.Object } file
        ? string.Create(CultureInfo.InvariantCulture, $"heard {file.Text("name")} of {file.Integer("bytes")} bytes")
        : "heard a sound";

    private static double Seconds(Prompt prompt) => (prompt.Body.Member("file").Integer("bytes") ?? 0) / BytesPerSecond;

    private static bool IsWhisper(string model) => model.Contains("whisper", StringComparison.Ordinal);

    private static Reply Plain(string text, string type)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return new() { ContentType = type, Steps = [Step.Send(bytes)], Length = bytes.Length };
    }
}
