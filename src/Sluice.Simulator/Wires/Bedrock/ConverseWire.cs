using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>Bedrock's Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html</summary>
internal sealed class ConverseWire : IWire
{
    public StreamShape Shape => EventStreamShape.Instance;

    public WireRoute? Match(HttpRequest request) => BedrockPath.Of(request) switch
    {
        (var model, "converse") => new(WireCall.Generate, model, Stream: false),
        (var model, "converse-stream") => new(WireCall.Generate, model, Stream: true),
        _ => null,
    };

    public string? Credential(HttpRequest request) => BedrockPath.Credential(request);

    public WireRefusal? Door(HttpRequest request, ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> secrets) =>
        BedrockPath.Door(request, body, secrets);

    public WireRefusal BadCredential(HttpRequest request, bool shown) => BedrockPath.BadCredential(shown);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures) =>
        ConverseRequestReader.Read(body, route, signatures);

    public PrefixChain Prefixes(JsonElement body) => ConversePrefixes.Of(body);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => new ConverseStreamWriter(prompt, answer, usage).Write();

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => ConverseObject.Document(prompt, answer, usage);

    public byte[] Error(WireRefusal error) => BedrockErrors.Body(error);

    public IEnumerable<KeyValuePair<string, string>> ErrorHeaders(WireRefusal error) => BedrockErrors.Headers(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => BedrockErrors.Frame(error);

    /// <summary>Bedrock sends nothing while it waits; a client has to leave out events that it does not know.</summary>
    public Frame Ping() => new(FrameKind.Ping, EventStreamFrame.Event("keepAlive", "{}"u8));

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => BedrockPath.Headers(id);
}
