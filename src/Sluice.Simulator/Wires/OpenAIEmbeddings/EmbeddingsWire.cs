using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires.OpenAIChat;

namespace Sluice.Simulator.Wires.OpenAIEmbeddings;

/// <summary>OpenAI's embeddings: https://platform.openai.com/docs/api-reference/embeddings</summary>
internal sealed class EmbeddingsWire : IWire
{
    public WireRoute? Match(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.Path.Value!.EndsWith("/embeddings", StringComparison.Ordinal)
            ? new(WireCall.Embed, AzurePath.Of(request, "/embeddings")?.Model)
            : null;

    public string? Credential(HttpRequest request) => OpenAICredential.Of(request);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        if ((route.Model ?? body.Text("model")) is not { Length: > 0 } model)
        {
            return (null, new(400, Message: "you must provide a model parameter"));
        }

        // One text, several, the tokens of one text, or of several.
        var input = body.Member("input");
        List<string> inputs = input.ValueKind switch
        {
            JsonValueKind.String => [input.GetString()!],
            JsonValueKind.Array when input.GetArrayLength() > 0 && input[0].ValueKind == JsonValueKind.Number => [input.GetRawText()],
            JsonValueKind.Array => [.. input.EnumerateArray().Select(static i => i.ValueKind == JsonValueKind.String ? i.GetString()! : i.GetRawText())],
            _ => [],
        };
        return inputs.Count == 0 || inputs.Exists(static i => i.Length == 0)
            ? (null, new(400, Message: "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.") { Param = "input" })
            : (new Prompt { Model = model, Body = body, Inputs = inputs }, null);
    }

    public PrefixChain Prefixes(JsonElement body) => SteppedPrefixes.Of([body.Member("input")]);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => throw new NotSupportedException("Vectors are not streamed, and Read never says so.");

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("object"u8, "list"u8);
        w.WriteStartArray("data"u8);
        for (var i = 0; i < prompt.Inputs.Count; i++)
        {
            var vector = TextVector.Of(prompt.Inputs[i], prompt.Body.Integer("dimensions"));
            w.WriteStartObject();
            w.WriteString("object"u8, "embedding"u8);
            w.WriteNumber("index"u8, i);
            if (prompt.Body.Text("encoding_format") == "base64")
            {
                w.WriteBase64String("embedding"u8, MemoryMarshal.AsBytes(vector.AsSpan()));
            }
            else
            {
                w.WriteStartArray("embedding"u8);
                foreach (var value in vector)
                {
                    w.WriteNumberValue(value);
                }

                w.WriteEndArray();
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteString("model"u8, prompt.Model);
        if (usage != UsageShape.Missing)
        {
            w.WriteStartObject("usage"u8);
            w.Count("prompt_tokens"u8, answer.Usage.Prompt, usage);
            w.Count("total_tokens"u8, answer.Usage.Prompt, usage);
            w.WriteEndObject();
        }

        w.WriteEndObject();
    });

    public byte[] Error(WireRefusal error) => ChatErrors.Body(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => new(FrameKind.Error, ChatErrors.Body(error));

    public Frame Ping() => new(FrameKind.Ping, "\n"u8.ToArray());

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => OpenAIHeaders.Of(id, limits);
}
