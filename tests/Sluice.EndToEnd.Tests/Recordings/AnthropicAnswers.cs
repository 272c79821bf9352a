using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Reads Messages answers, streamed and whole.</summary>
internal static class AnthropicAnswers
{
    public static Answer Whole(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        var answer = new Answer.Builder { Error = root.Text("type") == "error" };
        foreach (var block in root.Items("content"))
        {
            Start(answer, block, block.Text("id") ?? "");
        }

        Usage(answer, root.Member("usage"));
        answer.Stop = StopOf(root.Text("stop_reason"), answer.HasCalls);
        return answer.Build();
    }

    public static Answer Stream(byte[] stream)
    {
        var answer = new Answer.Builder();
        string? stop = null;
        foreach (var (_, data, _) in SseSplitter.Split(stream))
        {
            using var document = JsonDocument.Parse(data);
            var item = document.RootElement;
            var key = item.Count("index")?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "";
            switch (item.Text("type"))
            {
                case "message_start":
                    Usage(answer, item.Member("message").Member("usage"));
                    break;
                case "content_block_start":
                    Start(answer, item.Member("content_block"), key);
                    break;
                case "content_block_delta":
                    var delta = item.Member("delta");
                    answer.Say(delta.Text("type") == "text_delta" ? delta.Text("text") : "");
                    answer.Argue(key, delta.Text("type") == "input_json_delta" ? delta.Text("partial_json") : "");
                    break;
                case "message_delta":
                    stop = item.Member("delta").Text("stop_reason") ?? stop;
                    Usage(answer, item.Member("usage"));
                    break;
                case "error":
                    answer.Error = true;
                    return answer.Build();
                case "message_stop":
                    // Some recordings hold the conversation's next answer too.
                    answer.Stop = StopOf(stop, answer.HasCalls);
                    return answer.Build();
                default:
                    break;
            }
        }

        return answer.Build();
    }

    private static void Start(Answer.Builder answer, JsonElement block, string key)
    {
        if (block.Text("type") == "text")
        {
            answer.Say(block.Text("text"));
        }
        else if (block.Text("type") == "tool_use")
        {
            answer.Call(key, block.Text("name") ?? "");

            // A stream starts a call with an empty object and sends the input behind it; a few calls come whole.
            answer.Argue(key, block.Member("input") is { ValueKind: JsonValueKind.Object } input && input.EnumerateObject().Any() ? input.GetRawText() : "");
        }
    }

    // {"input_tokens":6,"cache_creation_input_tokens":3337,"cache_read_input_tokens":6289,"output_tokens":198}: disjoint counts; later ones replace earlier ones.
    private static void Usage(Answer.Builder answer, JsonElement usage)
    {
        if (usage.Count("input_tokens") is not null || usage.Count("cache_read_input_tokens") is not null)
        {
            answer.Input = (usage.Count("input_tokens") ?? 0) + (usage.Count("cache_read_input_tokens") ?? 0) + (usage.Count("cache_creation_input_tokens") ?? 0);
            answer.CacheRead = usage.Count("cache_read_input_tokens") ?? 0;
        }

        answer.Output = usage.Count("output_tokens") ?? answer.Output;
    }

    private static string? StopOf(string? reason, bool hasCalls) => reason switch
    {
        null => null,
        "max_tokens" or "model_context_window_exceeded" => "length",
        "tool_use" => "tools",
        "refusal" => "refusal",
        _ => hasCalls ? "tools" : "end",
    };
}
