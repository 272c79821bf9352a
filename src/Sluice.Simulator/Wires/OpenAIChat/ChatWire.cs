using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>OpenAI Chat Completions: https://platform.openai.com/docs/api-reference/chat</summary>
/// <param name="azure">As Azure serves it: other paths, errors of its own, and filter results before the first chunk.</param>
internal sealed class ChatWire(bool azure) : IWire
{
    public WireRoute? Match(HttpRequest request)
    {
        if (azure)
        {
            return AzurePath.Of(request, "/chat/completions");
        }

        var path = request.Path.Value!;
        return HttpMethods.IsPost(request.Method) && path.EndsWith("/chat/completions", StringComparison.Ordinal) ? new(WireCall.Generate)
            : HttpMethods.IsGet(request.Method) && path.EndsWith("/models", StringComparison.Ordinal) ? new(WireCall.Models)
            : null;
    }

    public string? Credential(HttpRequest request) => OpenAICredential.Of(request);

    public (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures) => ChatRequestReader.Read(body, route.Model);

    public WireRefusal? Door(HttpRequest request, ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> secrets) => azure ? AzurePath.Door(request) : null;

    public PrefixChain Prefixes(JsonElement body) => SteppedPrefixes.Of([.. body.Member("tools").Items(), .. body.Member("messages").Items()]);

    public IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage) =>
        azure ? [AzurePath.FilterResults(), .. ChatAnswerWriter.Stream(prompt, answer, usage)] : ChatAnswerWriter.Stream(prompt, answer, usage);

    public byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => ChatAnswerWriter.Document(prompt, answer, usage);

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

    public byte[] Error(WireRefusal error) => azure ? AzureErrors.Body(error) : ChatErrors.Body(error);

    public Frame ErrorFrame(WireRefusal error, int sent) => ChatAnswerWriter.Data(FrameKind.Error, Error(error));

    /// <summary>OpenAI itself sends nothing; OpenRouter sends this comment.</summary>
    public Frame Ping() => new(FrameKind.Ping, ": OPENROUTER PROCESSING\n\n"u8.ToArray());

    public IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits) => OpenAIHeaders.Of(id, limits);
}
