using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires.Bedrock;
using Sluice.Simulator.Wires.Gemini;

namespace Sluice.Simulator.Wires.AnthropicMessages;

/// <summary>Where Claude is served: the messages are the same, their envelope is not.</summary>
internal enum AnthropicHost
{
    /// <summary>Anthropic's paths, which Azure has too.</summary>
    Anthropic,

    /// <summary><c>…/publishers/anthropic/models/MODEL:rawPredict</c>; Google's edge answers for keys and quotas.</summary>
    Vertex,

    /// <summary><c>/model/MODEL/invoke</c>; streams are binary frames.</summary>
    Bedrock,
}

/// <summary>Anthropic Messages: https://docs.claude.com/en/api/messages</summary>
internal sealed class AnthropicWire(AnthropicHost host) : IWire
{
    public StreamShape Shape => host == AnthropicHost.Bedrock ? EventStreamShape.Instance : StreamShape.Sse;

    public WireRoute? Match(HttpRequest request) => host switch
    {
        AnthropicHost.Bedrock => BedrockPath.Of(request) switch
        {
            (var model, "invoke") => new(WireCall.Generate, model, Stream: false),
            (var model, "invoke-with-response-stream") => new(WireCall.Generate, model, Stream: true),
            _ => null,
        },
        AnthropicHost.Vertex => !HttpMethods.IsPost(request.Method) ? null : GeminiPath.Of(request, "anthropic") switch
        {
            ("count-tokens", "rawPredict") => new(WireCall.CountTokens),
            (var model, "rawPredict") => new(WireCall.Generate, model, Stream: false),
            (var model, "streamRawPredict") => new(WireCall.Generate, model, Stream: true),
            _ => null,
        },
        _ => OwnPath(request),
    };

    public string? Credential(HttpRequest request)
    {
        if (host != AnthropicHost.Anthropic)
        {
            return host == AnthropicHost.Bedrock ? BedrockPath.Credential(request) : GeminiPath.Credential(request);
        }

        var key = request.Headers["x-api-key"].ToString();
        return key.Length > 0 ? key : OpenAICredential.Of(request);
    }

    public WireRefusal? Door(HttpRequest request, ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> secrets) =>
        host == AnthropicHost.Bedrock ? BedrockPath.Door(request, body, secrets) : null;

    public WireRefusal BadCredential(HttpRequest request, bool shown) => host == AnthropicHost.Bedrock ? BedrockPath.BadCredential(shown) : new(401);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        if (Envelope(body, route) is { } refusal)
        {
            return (null, refusal);
        }

        return AnthropicRequestReader.Read(body, route, signatures);
    }

    public PrefixChain Prefixes(JsonElement body) => AnthropicPrefixes.Of(body);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) =>
        host == AnthropicHost.Bedrock ? InvokeFrames.Of(AnthropicAnswerWriter.Stream(prompt, answer, usage), answer) : AnthropicAnswerWriter.Stream(prompt, answer, usage);

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => AnthropicAnswerWriter.Document(prompt, answer, usage);

    public byte[] CountTokens(int tokens) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteNumber("input_tokens"u8, tokens);
        w.WriteEndObject();
    });

    public byte[] Models(IReadOnlyList<string> ids) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("data"u8);
        foreach (var id in ids)
        {
            w.WriteStartObject();
            w.WriteString("type"u8, "model"u8);
            w.WriteString("id"u8, id);
            w.WriteString("display_name"u8, id);
            w.WriteString("created_at"u8, "2026-01-01T00:00:00Z"u8);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteBoolean("has_more"u8, false);
        w.WriteString("first_id"u8, ids.Count == 0 ? null : ids[0]);
        w.WriteString("last_id"u8, ids.Count == 0 ? null : ids[^1]);
        w.WriteEndObject();
    });

    public byte[] Error(WireRefusal error) => host switch
    {
        AnthropicHost.Bedrock => BedrockErrors.Body(error),
        AnthropicHost.Vertex when error.Status is 401 or 403 or 404 or 429 => GeminiErrors.Body(error),
        _ => AnthropicErrors.Body(error),
    };

    public IEnumerable<KeyValuePair<string, string>> ErrorHeaders(WireRefusal error) => host switch
    {
        AnthropicHost.Bedrock => BedrockErrors.Headers(error),
        AnthropicHost.Vertex when error.Status == 429 => [],
        _ => AnthropicErrors.Headers(error),
    };

    public Frame ErrorFrame(WireRefusal error, int sent) =>
        host == AnthropicHost.Bedrock ? BedrockErrors.Frame(error) : AnthropicAnswerWriter.Event(FrameKind.Error, "error"u8, AnthropicErrors.Body(error));

    public Frame Ping() => host == AnthropicHost.Bedrock ? InvokeFrames.Of(AnthropicAnswerWriter.Ping()) : AnthropicAnswerWriter.Ping();

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => host switch
    {
        AnthropicHost.Bedrock => BedrockPath.Headers(id),
        AnthropicHost.Vertex => [new("request-id", "req_vrtx_sim_" + id[..24])],
        _ => OwnHeaders(id, limits),
    };

    private static WireRoute? OwnPath(HttpRequest request)
    {
        var path = request.Path.Value!;
        if (HttpMethods.IsPost(request.Method))
        {
            return path.EndsWith("/v1/messages", StringComparison.Ordinal) ? new(WireCall.Generate)
                : path.EndsWith("/v1/messages/count_tokens", StringComparison.Ordinal) ? new(WireCall.CountTokens)
                : null;
        }

        // OpenAI lists models on the same path; only Anthropic's clients name a version.
        return HttpMethods.IsGet(request.Method) && path.EndsWith("/v1/models", StringComparison.Ordinal) && request.Headers.ContainsKey("anthropic-version")
            ? new(WireCall.Models)
            : null;
    }

    /// <summary>What the hosts want otherwise than Anthropic does: a version in the body, and no model.</summary>
    private WireRefusal? Envelope(JsonElement body, WireRoute route)
    {
        if (host == AnthropicHost.Anthropic)
        {
            return null;
        }

        var (version, forbidden) = host == AnthropicHost.Bedrock ? ("bedrock-2023-05-31", (string[])["model", "stream"]) : ("vertex-2023-10-16", ["model"]);
        if (body.Text("anthropic_version") is not { } named)
        {
            return new(400, Message: "anthropic_version: Field required");
        }

        if (named != version)
        {
            return new(400, Message: $"anthropic_version: \"{version}\" is the only version that is valid here");
        }

        foreach (var name in forbidden)
        {
            if (route.Model is not null && body.Member(name).ValueKind != JsonValueKind.Undefined)
            {
                return new(400, Message: host == AnthropicHost.Bedrock
                    ? $"Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input and try again."
                    : name + ": Extra inputs are not permitted");
            }
        }

        return null;
    }

    private static IEnumerable<KeyValuePair<string, string>> OwnHeaders(string id, RateLimitState? limits)
    {
        yield return new("request-id", "req_sim_" + id[..24]);
        if (limits is null)
        {
            yield break;
        }

        foreach (var (name, reading) in new[] { ("requests", limits.Requests), ("input-tokens", limits.Input), ("output-tokens", limits.Output) })
        {
            if (reading is { } r)
            {
                yield return new($"anthropic-ratelimit-{name}-limit", r.Limit.ToString(CultureInfo.InvariantCulture));
                yield return new($"anthropic-ratelimit-{name}-remaining", r.Remaining.ToString(CultureInfo.InvariantCulture));
                yield return new($"anthropic-ratelimit-{name}-reset", (limits.Now + r.FullIn).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            }
        }
    }
}
