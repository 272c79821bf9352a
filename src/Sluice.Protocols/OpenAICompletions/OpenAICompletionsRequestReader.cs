using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.OpenAICompletions;

/// <summary>
/// Reads a client's completion request: the prompt as one user turn, what Chat shares as Chat reads it. What would change the shape of the answer
/// (several prompts, <c>n</c>, <c>echo</c>) is refused; what would only change its quality or add to it becomes an extra member, which the
/// upstream's writer reports as dropped.
/// </summary>
internal static class OpenAICompletionsRequestReader
{
    // The API's own default; a client that leaves it out counts on a short answer.
    private const int DefaultMaxTokens = 16;

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>Reads <paramref name="body"/>.</summary>
    public static Parsed<ConversationRequest> Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            return Invalid("The request body is not valid UTF-8.", null);
        }

        try
        {
            using var document = JsonDocument.Parse(body, Deep);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement)
                : Invalid("The request body must be a JSON object.", null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a member name with half a surrogate pair, found only when it is looked at.
            return Invalid("The request body is not valid JSON: " + e.Message, null);
        }
    }

    private static Parsed<ConversationRequest> Read(JsonElement root)
    {
        var (prompt, error) = Prompt(root);
        if ((error ?? Refusal(root)) is { } refused)
        {
            return refused;
        }

        var shared = OpenAIChatRequestReader.ReadShared(root, IsShared);
        if (shared.Value is not { } request)
        {
            return shared;
        }

        return request with
        {
            From = WireProtocol.OpenAICompletions,
            Messages = [new Message(Role.User, [new TextPart(prompt)])],
            MaxOutputTokens = request.MaxOutputTokens ?? DefaultMaxTokens,
            Extras = [.. request.Extras.Where(e => !IsForGateway(e.Name)), .. OwnExtras(root)],
        };
    }

    private static bool IsShared(string name) => !IsOwn(name) && !IsChatOnly(name);

    private static bool IsOwn(string name) => name is "prompt" or "n" or "echo" or "suffix" or "best_of" or "logprobs";

    // Completions know no tools and no turns; a client that sends them anyway reads of it in the degradations.
    private static bool IsChatOnly(string name) =>
        name is "messages" or "tools" or "functions" or "tool_choice" or "function_call" or "parallel_tool_calls" or "response_format";

    private static bool IsForGateway(string name) =>
        GatewayMembers.Find(OpenAIChatFormat.Instance.GatewayMembers, System.Text.Encoding.UTF8.GetBytes(name)) is not null;

    private static (string Text, UpstreamError? Error) Prompt(JsonElement root)
    {
        if (!root.TryGetProperty("prompt", out var prompt) || prompt.ValueKind == JsonValueKind.Null)
        {
            return ("", Invalid("Missing required parameter: 'prompt'.", "prompt"));
        }

        if (prompt.ValueKind == JsonValueKind.Array)
        {
            if (prompt.GetArrayLength() > 0 && prompt[0].ValueKind is JsonValueKind.Number or JsonValueKind.Array)
            {
                return ("", Invalid("'prompt' is given as tokens. Only a model's own vendor knows its tokens: send the prompt as text.", "prompt"));
            }

            if (prompt.GetArrayLength() != 1)
            {
                return ("", Invalid("'prompt' must hold exactly one text: send one request for each prompt.", "prompt"));
            }

            prompt = prompt[0];
        }

        if (prompt.ValueKind != JsonValueKind.String)
        {
            return ("", Invalid("Invalid type for 'prompt': expected a string.", "prompt"));
        }

        var text = LenientText.Read(prompt);
        return text.Length > 0 ? (text, null) : ("", Invalid("'prompt' must not be empty.", "prompt"));
    }

    private static UpstreamError? Refusal(JsonElement root)
    {
        if (Present(root, "messages") is not null)
        {
            return Invalid("'messages' belongs to /v1/chat/completions; completions take 'prompt'.", "messages");
        }

        if (Present(root, "n") is { } n && !(n.ValueKind == JsonValueKind.Number && n.TryGetInt64(out var count) && count == 1))
        {
            return Invalid("'n' must be 1: send one request for each answer.", "n");
        }

        return Present(root, "echo") is { } echo && echo.ValueKind != JsonValueKind.False
            ? Invalid("'echo' is not supported: put the prompt before the answer on your side.", "echo")
            : null;
    }

    private static IEnumerable<ExtraMember> OwnExtras(JsonElement root)
    {
        foreach (var member in root.EnumerateObject())
        {
            var says = member.Name switch
            {
                "suffix" => !(member.Value.ValueKind == JsonValueKind.String && member.Value.ValueEquals(""u8)),
                "best_of" => !(member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt64(out var best) && best == 1),
                "logprobs" => member.Value.ValueKind != JsonValueKind.False,
                "messages" => false,
                _ => IsChatOnly(member.Name),
            };
            if (says && member.Value.ValueKind != JsonValueKind.Null)
            {
                yield return new ExtraMember(member.Name, RawJson.Copy(JsonMarshal.GetRawUtf8Value(member.Value)));
            }
        }
    }

    private static JsonElement? Present(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static UpstreamError Invalid(string message, string? param) =>
        new(ErrorKind.InvalidRequest, message) { Status = 400, Type = "invalid_request_error", Param = param };
}
