using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary><c>:embedContent</c> and <c>:batchEmbedContents</c>: https://ai.google.dev/api/embeddings</summary>
internal sealed class GeminiEmbedWire : IWire
{
    public WireRoute? Match(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && GeminiPath.Of(request) is (var model, "embedContent" or "batchEmbedContents") ? new(WireCall.Embed, model, Stream: false) : null;

    public string? Credential(HttpRequest request) => GeminiPath.Credential(request);

    public WireRefusal BadCredential(HttpRequest request, bool shown) => GeminiPath.BadCredential(request, shown);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        var inputs = Asked(body).Select(static r => string.Concat(r.Member("content").Member("parts").Items().Select(static p => p.Text("text")))).ToList();
        if (Asked(body).Select(static r => r.Text("model")).FirstOrDefault(m => m is not null && m != "models/" + route.Model) is { } other)
        {
            return (null, new(400, Message: $"* BatchEmbedContentsRequest.requests[].model: {other} is not the model of the path, models/{route.Model}\n"));
        }

        return inputs.Count == 0 || inputs.Exists(static i => i.Length == 0)
            ? (null, new(400, Message: "* EmbedContentRequest.content: contents is not specified\n"))
            : (new Prompt { Model = route.Model!, Body = body, Inputs = inputs }, null);
    }

    public PrefixChain Prefixes(JsonElement body) => SteppedPrefixes.Of(Asked(body).Select(static r => r.Member("content")));

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => throw new NotSupportedException("Vectors are not streamed, and Match never says so.");

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
    {
        var batch = prompt.Body.Member("requests").ValueKind == JsonValueKind.Array;
        var asked = Asked(prompt.Body).ToList();
        w.WriteStartObject();
        if (batch)
        {
            w.WriteStartArray("embeddings"u8);
        }

        for (var i = 0; i < asked.Count; i++)
        {
            if (batch)
            {
                w.WriteStartObject();
            }
            else
            {
                w.WriteStartObject("embedding"u8);
            }

            w.WriteStartArray("values"u8);
            foreach (var value in TextVector.Of(prompt.Inputs[i], asked[i].Integer("outputDimensionality") ?? asked[i].Integer("output_dimensionality")))
            {
                w.WriteNumberValue(value);
            }

            w.WriteEndArray();
            w.WriteEndObject();
        }

        if (batch)
        {
            w.WriteEndArray();
        }

        w.WriteEndObject();
    });

    public byte[] Error(WireRefusal error) => GeminiErrors.Body(error);

    public IEnumerable<KeyValuePair<string, string>> ErrorHeaders(WireRefusal error) => [];

    public Frame ErrorFrame(WireRefusal error, int sent) => new(FrameKind.Error, GeminiErrors.Body(error));

    public Frame Ping() => new(FrameKind.Ping, "\r\n"u8.ToArray());

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => [new("server-timing", "gfet4t7; dur=1")];

    private static IEnumerable<JsonElement> Asked(JsonElement body) => body.Member("requests") is { ValueKind: JsonValueKind.Array } all ? all.EnumerateArray() : [body];
}
