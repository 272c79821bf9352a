using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires.OpenAIChat;

namespace Sluice.Simulator.Wires.OpenAIMedia;

/// <summary>What OpenAI's paths of images, sound and video have in common: keys, errors, headers, and the reading of members that are texts in forms.</summary>
internal abstract class MediaWire : IWire
{
    public abstract WireRoute? Match(HttpRequest request);

    public abstract (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures);

    public abstract byte[] Document(Prompt prompt, Answer answer, UsageShape usage);

    public virtual Reply Whole(Prompt prompt, Answer answer, UsageShape usage) => Reply.Json(Document(prompt, answer, usage));

    public virtual IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) => throw new NotSupportedException("Not streamed, and Read never says so.");

    public string? Credential(HttpRequest request) => OpenAICredential.Of(request);

    public PrefixChain Prefixes(JsonElement body) => SteppedPrefixes.Of([body.Member("prompt"), body.Member("input"), body.Member("instructions")]);

    public byte[] Error(WireRefusal error) => ChatErrors.Body(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => new(FrameKind.Error, (byte[])[.. "event: error\ndata: "u8, .. ChatErrors.Body(error), .. "\n\n"u8]);

    public Frame Ping() => new(FrameKind.Ping, ": ping\n\n"u8.ToArray());

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => OpenAIHeaders.Of(id, limits);

    /// <summary>What models that repeat their user repeat: an answer without any of it stands for one without content.</summary>
    protected const string Something = "media";

    /// <summary>The refusal of a request without a model.</summary>
    protected static readonly WireRefusal NoModel = new(400, Message: "you must provide a model parameter") { Param = "model" };

    /// <summary>The refusal of a request without something that it needs.</summary>
    protected static WireRefusal Missing(string name) => new(400, Message: $"Missing required parameter: '{name}'.") { Param = name };

    /// <summary>A number that stands as one, or as a form's text.</summary>
    protected static int? Number(JsonElement body, string name) =>
        body.Integer(name) ?? (int.TryParse(body.Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null);

    /// <summary>A switch that stands as one, or as a form's text.</summary>
    protected static bool Flag(JsonElement body, string name) => body.Flag(name) || body.Text(name) is "true" or "True" or "1";

    /// <summary>One event of a stream, named as OpenAI names them: by its own <c>type</c>.</summary>
    protected static Frame Event(FrameKind kind, string type, Action<Utf8JsonWriter> members) => new(kind, (byte[])
    [
        .. System.Text.Encoding.UTF8.GetBytes($"event: {type}\ndata: "),
        .. Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteString("type"u8, type);
            members(w);
            w.WriteEndObject();
        }),
        .. "\n\n"u8,
    ]);

    /// <summary>The member <c>usage</c>, by tokens.</summary>
    protected static void Tokens(Utf8JsonWriter w, UsageShape shape, int text, int output, (string Name, int Count)? otherInput = null)
    {
        if (shape == UsageShape.Missing)
        {
            return;
        }

        w.WriteStartObject("usage"u8);
        w.WriteString("type"u8, "tokens"u8);
        w.Count("input_tokens"u8, text + (otherInput?.Count ?? 0), shape);
        w.Count("output_tokens"u8, output, shape);
        w.Count("total_tokens"u8, text + output + (otherInput?.Count ?? 0), shape);
        w.WriteStartObject(otherInput?.Name == "audio_tokens" ? "input_token_details"u8 : "input_tokens_details"u8);
        w.WriteNumber("text_tokens"u8, text);
        if (otherInput is var (name, count))
        {
            w.WriteNumber(name, count);
        }

        w.WriteEndObject();
        w.WriteEndObject();
    }
}
