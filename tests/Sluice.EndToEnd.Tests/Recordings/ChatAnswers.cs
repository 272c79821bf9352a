using System.Globalization;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Reads Chat Completions answers, streamed and whole; the first choice counts.</summary>
internal static class ChatAnswers
{
    public static Answer Whole(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var answer = new Answer.Builder();
        Chunk(answer, document.RootElement, "message");
        answer.Stop ??= answer.HasContent ? StopOf("", answer.HasCalls) : null;
        return answer.Build();
    }

    public static Answer Stream(byte[] stream)
    {
        var answer = new Answer.Builder();
        foreach (var (name, data, _) in SseSplitter.Split(stream))
        {
            var line = data.AsSpan().Trim(" \t\r\n"u8);
            if (line.SequenceEqual("[DONE]"u8))
            {
                // A few servers end so without ever naming a reason.
                answer.Stop ??= StopOf("", answer.HasCalls);
                break;
            }

            if (line.IsEmpty)
            {
                continue;
            }

            using var document = JsonDocument.Parse(line.ToArray());
            answer.Error |= name == "error";
            Chunk(answer, document.RootElement, "delta");
            if (answer.Error)
            {
                break;
            }
        }

        return answer.Build();
    }

    private static void Chunk(Answer.Builder answer, JsonElement chunk, string message)
    {
        answer.Error |= chunk.Member("error") is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) };
        foreach (var choice in chunk.Items("choices").Where(c => (c.Count("index") ?? 0) == 0))
        {
            Message(answer, choice.Member(message));
            if (choice.Text("finish_reason") is { Length: > 0 } reason)
            {
                answer.Stop = StopOf(reason, answer.HasCalls);
                answer.Error |= reason == "error";
            }

            answer.Error |= choice.Member("error").ValueKind == JsonValueKind.Object;
        }

        Usage(answer, chunk.Member("usage") is { ValueKind: JsonValueKind.Object } usage ? usage : chunk.Member("x_groq").Member("usage"));
    }

    private static void Message(Answer.Builder answer, JsonElement message)
    {
        answer.Say(message.Text("content"));
        foreach (var part in message.Items("content"))
        {
            answer.Say(part.Text("text"));
        }

        if (message.Member("content") is { ValueKind: JsonValueKind.Object } structured)
        {
            answer.Say(structured.GetRawText());
        }

        answer.Refuse(message.Text("refusal"));
        answer.Say(message.Member("audio").Text("transcript"));
        foreach (var call in message.Items("tool_calls"))
        {
            var function = call.Member("function") is { ValueKind: JsonValueKind.Object } found ? found : call.Member("custom");
            var index = call.Count("index");
            var key = index is null ? call.Text("id") ?? "" : index.Value.ToString(CultureInfo.InvariantCulture);
            if (function.Text("name") is { Length: > 0 } name)
            {
                answer.Call(key, name);
            }

            // A custom tool takes free text.
            var arguments = function.Member("arguments") is { ValueKind: JsonValueKind.Object } whole ? whole.GetRawText() : function.Text("input") ?? function.Text("arguments");
            answer.Argue(key, arguments);
        }

        if (message.Member("function_call") is var legacy && legacy.Text("name") is { Length: > 0 } legacyName)
        {
            answer.Call("", legacyName);
            answer.Argue("", legacy.Text("arguments"));
        }
    }

    // {"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":64}}: the prompt includes what was cached.
    private static void Usage(Answer.Builder answer, JsonElement usage)
    {
        if (usage.Count("prompt_tokens") is not { } prompt || usage.Count("completion_tokens") is not { } completion)
        {
            return;
        }

        var cached = usage.Member("prompt_tokens_details").Count("cached_tokens") ?? usage.Count("prompt_cache_hit_tokens") ?? usage.Count("num_cached_tokens") ?? usage.Count("cached_tokens") ?? 0;
        answer.Input = prompt;
        answer.CacheRead = Math.Min(cached, prompt);

        // xAI and Google leave thinking out of completion_tokens; it shows in the total alone.
        answer.Output = Math.Max(completion, (usage.Count("total_tokens") ?? 0) - prompt);
    }

    // Several servers say "stop" after tool calls.
    private static string StopOf(string reason, bool hasCalls) => reason switch
    {
        "length" => "length",
        "content_filter" => "refusal",
        "tool_calls" or "function_call" => "tools",
        _ => hasCalls ? "tools" : "end",
    };
}
