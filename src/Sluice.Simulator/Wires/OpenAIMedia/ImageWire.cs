using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIMedia;

/// <summary>OpenAI's images, and OpenRouter's shorter path: https://platform.openai.com/docs/api-reference/images. Models named <c>dall-e…</c> report no usage, as there.</summary>
internal sealed class ImageWire : MediaWire
{
    /// <summary>Output tokens of one image.</summary>
    private const int TokensPerImage = 100;

    public override WireRoute? Match(HttpRequest request) => MediaPath.Post(request, "/images/generations", "/images/edits", "/v1/images");

    public override (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures) =>
        (route.Model ?? body.Text("model")) is not { Length: > 0 } model ? (null, NoModel)
        : body.Text("prompt") is not { Length: > 0 } ? (null, Missing("prompt"))
        : (new Prompt { Model = model, Body = body, LastUserText = Something, Stream = Flag(body, "stream") }, null);

    public override byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
    {
        var count = Count(prompt);
        w.WriteStartObject();
        w.WriteNumber("created"u8, 1_700_000_000);
        w.WriteStartArray("data"u8);
        for (var i = 0; i < count && answer.Blocks.Count > 0; i++)
        {
            w.WriteStartObject();
            w.WriteBase64String("b64_json"u8, SampleMedia.Png((byte)i));
            w.WriteEndObject();
        }

        w.WriteEndArray();
        Described(w, prompt);
        if (!prompt.Model.Contains("dall-e", StringComparison.Ordinal))
        {
            Tokens(w, usage, answer.Usage.Prompt, count * TokensPerImage, Source(prompt));
        }

        w.WriteEndObject();
    });

    public override IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage)
    {
        var type = prompt.Body.Member("image").ValueKind == JsonValueKind.Undefined ? "image_generation" : "image_edit";
        var frames = new List<Frame>();
        for (var i = 0; i < (Number(prompt.Body, "partial_images") ?? 0); i++)
        {
            var index = i;
            frames.Add(Event(FrameKind.Delta, type + ".partial_image", w =>
            {
                w.WriteBase64String("b64_json"u8, SampleMedia.Png((byte)(200 + index)));
                w.WriteNumber("partial_image_index"u8, index);
            }));
        }

        frames.Add(Event(FrameKind.Finish, type + ".completed", w =>
        {
            w.WriteBase64String("b64_json"u8, SampleMedia.Png(0));
            Described(w, prompt);
            Tokens(w, usage, answer.Usage.Prompt, TokensPerImage, Source(prompt));
        }));
        return frames;
    }

    private static int Count(Prompt prompt) => Math.Clamp(Number(prompt.Body, "n") ?? 1, 1, 10);

    private static (string Name, int Count)? Source(Prompt prompt) => prompt.Body.Member("image").ValueKind == JsonValueKind.Object ? ("image_tokens", 50) : null;

    private static void Described(Utf8JsonWriter w, Prompt prompt)
    {
        foreach (var name in (ReadOnlySpan<string>)["size", "quality"])
        {
            if (prompt.Body.Text(name) is { } value)
            {
                w.WriteString(name, value);
            }
        }
    }
}
