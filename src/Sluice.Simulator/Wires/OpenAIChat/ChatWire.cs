using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>OpenAI Chat Completions: https://platform.openai.com/docs/api-reference/chat</summary>
internal sealed class ChatWire : IWire
{
    public WireCall? Match(HttpRequest request)
    {
        var path = request.Path.Value!;
        return HttpMethods.IsPost(request.Method) && path.EndsWith("/chat/completions", StringComparison.Ordinal) ? WireCall.Generate
            : HttpMethods.IsGet(request.Method) && path.EndsWith("/models", StringComparison.Ordinal) ? WireCall.Models
            : null;
    }

    public string? Credential(IHeaderDictionary headers)
    {
        var azure = headers["api-key"].ToString();
        return Bearer.Of(headers) ?? (azure.Length > 0 ? azure : null);
    }

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireCall call, ThinkingSignature signatures) => ChatRequestReader.Read(body);

    public PrefixChain Prefixes(JsonElement body) => ChatPrefixes.Of(body);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => ChatAnswerWriter.Stream(prompt, answer, usage);

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => ChatAnswerWriter.Document(prompt, answer, usage);

    public byte[] CountTokens(int tokens) => throw new NotSupportedException("Chat Completions has no token count, and Match never says so.");

    public byte[] Models(IReadOnlyList<string> ids) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("object"u8, "list"u8);
        w.WriteStartArray("data"u8);
        foreach (var id in ids)
        {
            w.WriteStartObject();
            w.WriteString("id"u8, id);
            w.WriteString("object"u8, "model"u8);
            w.WriteNumber("created"u8, ChatAnswerWriter.Created);
            w.WriteString("owned_by"u8, "simulator"u8);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    });

    public byte[] Error(WireRefusal error) => ChatErrors.Body(error);

    public Frame ErrorFrame(WireRefusal error) => ChatAnswerWriter.Data(FrameKind.Error, ChatErrors.Body(error));

    /// <summary>OpenAI itself sends nothing; OpenRouter sends this comment.</summary>
    public Frame Ping() => new(FrameKind.Ping, ": OPENROUTER PROCESSING\n\n"u8.ToArray());

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits)
    {
        yield return new("x-request-id", "req_sim_" + id[..24]);
        yield return new("openai-processing-ms", "1");
        if (limits is null)
        {
            yield break;
        }

        // OpenAI has one bucket for tokens, whichever way they go.
        foreach (var (name, reading) in new[] { ("requests", limits.Requests), ("tokens", limits.Input ?? limits.Output) })
        {
            if (reading is { } r)
            {
                yield return new($"x-ratelimit-limit-{name}", r.Limit.ToString(CultureInfo.InvariantCulture));
                yield return new($"x-ratelimit-remaining-{name}", r.Remaining.ToString(CultureInfo.InvariantCulture));
                yield return new($"x-ratelimit-reset-{name}", Duration(r.FullIn));
            }
        }
    }

    /// <summary>As OpenAI writes them: <c>20ms</c>, <c>1.5s</c>, <c>6m0s</c>.</summary>
    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Ceiling(time.TotalMilliseconds)}ms"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds * 1000) / 1000}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMinutes}m{time.Seconds}s"),
    };
}
