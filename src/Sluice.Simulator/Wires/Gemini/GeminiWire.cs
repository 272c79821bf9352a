using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary>Google's generateContent, on the Gemini API's paths and Vertex's: https://ai.google.dev/api/generate-content</summary>
/// <param name="shape">Events with <c>alt=sse</c>; a JSON array without it.</param>
internal sealed class GeminiWire(StreamShape shape) : IWire
{
    public StreamShape Shape => shape;

    private bool IsArray => shape == StreamShape.Array;

    public WireRoute? Match(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) && !IsArray)
        {
            // Vendors list models on like paths; only Google's clients use this version or this key.
            var path = request.Path.Value!;
            return path.EndsWith("/v1beta/models", StringComparison.Ordinal) || (path.EndsWith("/v1/models", StringComparison.Ordinal) && request.Headers.ContainsKey("x-goog-api-key"))
                ? new(WireCall.Models)
                : null;
        }

        if (!HttpMethods.IsPost(request.Method) || GeminiPath.Of(request) is not var (model, verb))
        {
            return null;
        }

        return verb switch
        {
            "generateContent" when !IsArray => new(WireCall.Generate, model, Stream: false),
            "countTokens" when !IsArray => new(WireCall.CountTokens, model, Stream: false),
            "streamGenerateContent" when IsArray == (request.Query["alt"] != "sse") => new(WireCall.Generate, model, Stream: true),
            _ => null,
        };
    }

    public string? Credential(HttpRequest request) => GeminiPath.Credential(request);

    public WireRefusal BadCredential(HttpRequest request, bool shown) => GeminiPath.BadCredential(request, shown);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures) => GeminiRequestReader.Read(Counted(body), route, signatures);

    public PrefixChain Prefixes(JsonElement body)
    {
        var counted = Counted(body);
        return SteppedPrefixes.Of([counted.Field("systemInstruction"), .. counted.Member("tools").Items(), .. counted.Member("contents").Items()]);
    }

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage)
    {
        var frames = new List<Frame>();
        foreach (var (kind, chunk) in GeminiAnswerWriter.Chunks(prompt, answer, usage))
        {
            frames.Add(new(kind, Framed(chunk, frames.Count)));
        }

        if (IsArray)
        {
            frames.Add(new(FrameKind.Other, "\n]"u8.ToArray()));
        }

        return frames;
    }

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => GeminiAnswerWriter.Document(prompt, answer, usage);

    public byte[] CountTokens(int tokens) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteNumber("totalTokens"u8, tokens);
        w.WriteStartArray("promptTokensDetails"u8);
        w.WriteStartObject();
        w.WriteString("modality"u8, "TEXT"u8);
        w.WriteNumber("tokenCount"u8, tokens);
        w.WriteEndObject();
        w.WriteEndArray();
        w.WriteEndObject();
    });

    public byte[] Models(IReadOnlyList<string> ids) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("models"u8);
        foreach (var id in ids)
        {
            w.WriteStartObject();
            w.WriteString("name"u8, "models/" + id);
            w.WriteString("displayName"u8, id);
            w.WriteStartArray("supportedGenerationMethods"u8);
            w.WriteStringValue("generateContent"u8);
            w.WriteStringValue("countTokens"u8);
            w.WriteEndArray();
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    });

    /// <summary>Asked for an array, Google answers with one even where nothing came of it.</summary>
    public byte[] Error(WireRefusal error) => IsArray ? [.. "["u8, .. GeminiErrors.Body(error), .. "\n]"u8] : GeminiErrors.Body(error);

    public IEnumerable<KeyValuePair<string, string>> ErrorHeaders(WireRefusal error) => [];

    public Frame ErrorFrame(WireRefusal error, int sent)
    {
        var frame = Framed(GeminiErrors.Body(error), sent);
        return new(FrameKind.Error, IsArray ? [.. frame, .. "\n]"u8] : frame);
    }

    /// <summary>Google sends nothing while it thinks; blank lines are what both framings bear.</summary>
    public Frame Ping() => new(FrameKind.Ping, "\r\n"u8.ToArray());

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => [new("server-timing", "gfet4t7; dur=1")];

    private byte[] Framed(byte[] chunk, int index) => IsArray
        ? index == 0 ? [.. "["u8, .. chunk] : [.. "\n,\r\n"u8, .. chunk]
        : [.. "data: "u8, .. chunk, .. "\r\n\r\n"u8];

    /// <summary>Counting on the Gemini API wraps the whole request; on Vertex it does not.</summary>
    private static JsonElement Counted(JsonElement body) => body.Field("generateContentRequest") is { ValueKind: JsonValueKind.Object } inner ? inner : body;
}

internal static class GeminiJson
{
    /// <summary>A member by its JSON name or by the proto name that Google takes as well (<c>function_call</c>).</summary>
    public static JsonElement Field(this JsonElement element, string name)
    {
        var found = element.Member(name);
        return found.ValueKind != JsonValueKind.Undefined ? found : element.Member(Snake(name));
    }

    public static string Snake(string name) => string.Concat(name.Select(static c => char.IsAsciiLetterUpper(c) ? "_" + char.ToLowerInvariant(c) : c.ToString()));

    public static string Camel(string name)
    {
        var parts = name.Split('_');
        return string.Concat(parts.Select(static (p, i) => i == 0 || p.Length == 0 ? p : char.ToUpperInvariant(p[0]) + p[1..]));
    }
}
