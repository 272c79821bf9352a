using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires.AnthropicMessages;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>
/// Bedrock's CountTokens: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html. Its input is one of a Converse body
/// and an InvokeModel body in base64; each has to be one that the operation itself would take.
/// </summary>
internal sealed class CountTokensWire : IWire
{
    private static readonly HashSet<string> ConverseMembers = ["messages", "system", "toolConfig", "additionalModelRequestFields"];

    private readonly ConverseWire _converse = new();
    private readonly AnthropicWire _invoke = new(AnthropicHost.Bedrock);

    public WireRoute? Match(HttpRequest request) => BedrockPath.Of(request) is (var model, "count-tokens") ? new(WireCall.CountTokens, model, Stream: false) : null;

    public string? Credential(HttpRequest request) => BedrockPath.Credential(request);

    public WireRefusal? Door(HttpRequest request, ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> secrets) => BedrockPath.Door(request, body, secrets);

    public WireRefusal BadCredential(HttpRequest request, bool shown) => BedrockPath.BadCredential(shown);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        if (!route.Model!.StartsWith("anthropic.", StringComparison.Ordinal))
        {
            // Inference profiles (us.anthropic.…) and every other vendor's models.
            return (null, new(400, Message: "The provided model doesn't support counting tokens."));
        }

        var input = body.Member("input");
        if (input.ValueKind != JsonValueKind.Object || input.EnumerateObject().Count() != 1)
        {
            return (null, new(400, Message: "The value at input must have exactly one member set."));
        }

        if (input.Member("converse") is { ValueKind: JsonValueKind.Object } converse)
        {
            var unknown = converse.EnumerateObject().Select(static m => m.Name).FirstOrDefault(static name => !ConverseMembers.Contains(name));
            return unknown is null ? _converse.Read(converse, route, signatures) : (null, new(400, Message: $"Malformed input request: #: extraneous key [{unknown}] is not permitted."));
        }

        return Invoked(body) is { } invoked
            ? _invoke.Read(invoked, route with { Call = WireCall.Generate }, signatures)
            : (null, new(400, Message: "The value at input.invokeModel.body must be a request body in base64."));
    }

    public PrefixChain Prefixes(JsonElement body) =>
        body.Member("input").Member("converse") is { ValueKind: JsonValueKind.Object } converse ? _converse.Prefixes(converse) : _invoke.Prefixes(Invoked(body)!.Value);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => throw new NotSupportedException("Match never says so.");

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => throw new NotSupportedException("Match never says so.");

    public byte[] CountTokens(int tokens) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteNumber("inputTokens"u8, tokens);
        w.WriteEndObject();
    });

    public byte[] Error(WireRefusal error) => BedrockErrors.Body(error);

    public IEnumerable<KeyValuePair<string, string>> ErrorHeaders(WireRefusal error) => BedrockErrors.Headers(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => BedrockErrors.Frame(error);

    public Frame Ping() => _converse.Ping();

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => BedrockPath.Headers(id);

    private static JsonElement? Invoked(JsonElement body)
    {
        var encoded = body.Member("input").Member("invokeModel").Member("body");
        if (encoded.ValueKind != JsonValueKind.String || !encoded.TryGetBytesFromBase64(out var bytes))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 512 });
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
