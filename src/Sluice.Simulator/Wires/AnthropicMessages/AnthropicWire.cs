using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.AnthropicMessages;

/// <summary>Anthropic Messages: https://docs.claude.com/en/api/messages</summary>
internal sealed class AnthropicWire : IWire
{
    public WireRoute? Match(HttpRequest request)
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

    public string? Credential(HttpRequest request)
    {
        var key = request.Headers["x-api-key"].ToString();
        return key.Length > 0 ? key : Bearer.Of(request.Headers);
    }

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures) =>
        AnthropicRequestReader.Read(body, route.Call, signatures);

    public PrefixChain Prefixes(JsonElement body) => AnthropicPrefixes.Of(body);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => AnthropicAnswerWriter.Stream(prompt, answer, usage);

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

    public byte[] Error(WireRefusal error) => AnthropicErrors.Body(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => AnthropicAnswerWriter.Event(FrameKind.Error, "error"u8, AnthropicErrors.Body(error));

    public Frame Ping() => AnthropicAnswerWriter.Ping();

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits)
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
