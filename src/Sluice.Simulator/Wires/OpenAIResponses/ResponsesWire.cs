using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires.OpenAIChat;

namespace Sluice.Simulator.Wires.OpenAIResponses;

/// <summary>OpenAI Responses, on OpenAI's paths and Azure's: https://platform.openai.com/docs/api-reference/responses</summary>
internal sealed class ResponsesWire : IWire
{
    public WireRoute? Match(HttpRequest request)
    {
        var path = request.Path.Value!;
        return !HttpMethods.IsPost(request.Method) ? null
            : path.EndsWith("/responses", StringComparison.Ordinal) ? new(WireCall.Generate)
            : path.EndsWith("/responses/input_tokens", StringComparison.Ordinal) ? new(WireCall.CountTokens)
            : null;
    }

    public string? Credential(HttpRequest request) => OpenAICredential.Of(request);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures) =>
        ResponsesRequestReader.Read(body, signatures);

    public PrefixChain Prefixes(JsonElement body)
    {
        var input = body.Member("input");
        return SteppedPrefixes.Of([.. body.Member("tools").Items(), body.Member("instructions"), .. input.ValueKind == JsonValueKind.Array ? input.Items() : [input]]);
    }

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => new ResponsesStreamWriter(prompt, answer, usage).Write();

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
        ResponsesObject.Write(w, prompt, answer, usage, whole: true));

    public byte[] CountTokens(int tokens) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("object"u8, "response.input_tokens"u8);
        w.WriteNumber("input_tokens"u8, tokens);
        w.WriteEndObject();
    });

    public byte[] Error(WireRefusal error) => ChatErrors.Body(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => ResponsesErrors.Frame(error, sent);

    public Frame Ping() => ResponsesStreamWriter.Event(FrameKind.Ping, "keepalive", 0, static _ => { });

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => OpenAIHeaders.Of(id, limits);
}
