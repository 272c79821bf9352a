using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires.OpenAIChat;

namespace Sluice.Simulator.Wires.OpenAICompletions;

/// <summary>OpenAI's completions of a plain prompt, which local servers still have: https://platform.openai.com/docs/api-reference/completions</summary>
internal sealed class CompletionsWire : IWire
{
    public WireRoute? Match(HttpRequest request)
    {
        var path = request.Path.Value!;
        return HttpMethods.IsPost(request.Method) && path.EndsWith("/completions", StringComparison.Ordinal) && !path.EndsWith("/chat/completions", StringComparison.Ordinal)
            ? AzurePath.Of(request, "/completions") ?? new(WireCall.Generate)
            : null;
    }

    public string? Credential(HttpRequest request) => OpenAICredential.Of(request);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        if ((route.Model ?? body.Text("model")) is not { Length: > 0 } model)
        {
            return (null, new(400, Message: "you must provide a model parameter"));
        }

        var prompt = body.Member("prompt");
        var text = prompt.ValueKind == JsonValueKind.Array ? prompt.Items().Select(static p => p.ValueKind == JsonValueKind.String ? p.GetString() : null).FirstOrDefault() : body.Text("prompt");
        return text is null
            ? (null, new(400, Message: "Missing required parameter: 'prompt'.") { Param = "prompt", Code = "missing_required_parameter" })
            : (new Prompt { Model = model, Body = body, Stream = body.Flag("stream"), StreamUsage = body.Member("stream_options").Flag("include_usage"), MaxTokens = body.Integer("max_tokens"), LastUserText = text }, null);
    }

    public PrefixChain Prefixes(JsonElement body) => SteppedPrefixes.Of([body.Member("prompt")]);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage)
    {
        var frames = new List<Frame>();
        foreach (var piece in TextPieces.Of(Text(answer)))
        {
            frames.Add(ChatAnswerWriter.Data(FrameKind.Delta, Completion(prompt, answer, w => Choice(w, piece, null), null)));
        }

        frames.Add(ChatAnswerWriter.Data(FrameKind.Finish, Completion(prompt, answer, w => Choice(w, "", answer.Stop), null)));
        if (prompt.StreamUsage && usage != UsageShape.Missing)
        {
            frames.Add(ChatAnswerWriter.Data(FrameKind.Other, Completion(prompt, answer, static _ => { }, usage)));
        }

        frames.Add(ChatAnswerWriter.Data(FrameKind.Terminal, "[DONE]"u8));
        return frames;
    }

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Completion(prompt, answer, w => Choice(w, Text(answer), answer.Stop), usage);

    public byte[] Error(WireRefusal error) => ChatErrors.Body(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => ChatAnswerWriter.Data(FrameKind.Error, ChatErrors.Body(error));

    public Frame Ping() => new(FrameKind.Ping, ": OPENROUTER PROCESSING\n\n"u8.ToArray());

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => OpenAIHeaders.Of(id, limits);

    private static string Text(Answer answer) => string.Concat(answer.Blocks.OfType<AnswerBlock.Text>().Select(static t => t.Value));

    private static void Choice(Utf8JsonWriter w, string text, AnswerStop? stop)
    {
        w.WriteStartObject();
        w.WriteString("text"u8, text);
        w.WriteNumber("index"u8, 0);
        w.WriteNull("logprobs"u8);
        w.WriteString("finish_reason"u8, stop switch { null => null, AnswerStop.Length => "length", _ => "stop" });
        w.WriteEndObject();
    }

    private static byte[] Completion(Prompt prompt, Answer answer, Action<Utf8JsonWriter> choices, UsageShape? usage) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("id"u8, "cmpl-sim" + answer.Id[..20]);
        w.WriteString("object"u8, "text_completion"u8);
        w.WriteNumber("created"u8, ChatAnswerWriter.Created);
        w.WriteString("model"u8, prompt.Model);
        w.WriteStartArray("choices"u8);
        choices(w);
        w.WriteEndArray();
        if (usage is { } shape)
        {
            ChatAnswerWriter.Usage(w, answer.Usage, shape);
        }

        w.WriteEndObject();
    });
}
