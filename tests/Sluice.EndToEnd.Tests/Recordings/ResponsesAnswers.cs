using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Reads Responses answers: a stream's text by its deltas, all else by its finished items.</summary>
internal static class ResponsesAnswers
{
    public static Answer Whole(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var answer = new Answer.Builder();
        foreach (var item in document.RootElement.Items("output"))
        {
            Item(answer, item);
        }

        End(answer, document.RootElement);
        return answer.Build();
    }

    public static Answer Stream(byte[] stream)
    {
        var answer = new Answer.Builder();
        var finished = false;
        var told = new Dictionary<long, int>();
        foreach (var (_, data, _) in SseSplitter.Split(stream))
        {
            if (data.Length == 0 || data[0] != (byte)'{')
            {
                continue;
            }

            using var document = JsonDocument.Parse(data);
            var item = document.RootElement;
            switch (item.Text("type"))
            {
                case "response.output_text.delta":
                    var index = item.Count("output_index") ?? 0;
                    told[index] = told.GetValueOrDefault(index) + (item.Text("delta")?.Length ?? 0);
                    answer.Say(item.Text("delta"));
                    break;
                case "response.output_item.done" when item.Member("item").Text("type") == "message" && told.TryGetValue(item.Count("output_index") ?? 0, out var length):
                    // Deltas that were left out stand here.
                    var text = string.Concat(item.Member("item").Items("content").Select(p => p.Text("text")));
                    answer.Say(text.Length > length ? text[length..] : "");
                    finished = true;
                    break;
                case "response.output_item.done":
                    finished = true;
                    Item(answer, item.Member("item"));
                    break;
                case "response.completed" or "response.incomplete" or "response.failed":
                    foreach (var last in finished ? [] : item.Member("response").Items("output"))
                    {
                        Item(answer, last);
                    }

                    End(answer, item.Member("response"));
                    return answer.Build();
                case "error":
                    answer.Error = true;
                    return answer.Build();
                default:
                    break;
            }
        }

        return answer.Build();
    }

    private static void Item(Answer.Builder answer, JsonElement item)
    {
        switch (item.Text("type"))
        {
            case "message":
                foreach (var part in item.Items("content"))
                {
                    answer.Say(part.Text("text"));
                    answer.Refuse(part.Text("refusal"));
                }

                break;
            case "function_call":
                var key = item.Text("call_id") ?? "";
                answer.Call(key, item.Text("name") ?? "");
                answer.Argue(key, item.Text("arguments"));
                break;

            // Free text. xAI's own tools show themselves so too, under ids of their own.
            case "custom_tool_call" when item.Text("call_id")?.StartsWith("xs_", StringComparison.Ordinal) is not true:
                answer.Call(item.Text("call_id") ?? "", item.Text("name") ?? "");
                answer.Argue(item.Text("call_id") ?? "", item.Text("input"));
                break;
            default:
                break;
        }
    }

    private static void End(Answer.Builder answer, JsonElement response)
    {
        answer.Error |= response.Member("error").ValueKind == JsonValueKind.Object || response.Text("status") is "failed" or "cancelled";
        answer.Stop = response.Text("status") switch
        {
            "completed" or "complete" => answer.HasCalls ? "tools" : "end",
            "incomplete" => response.Member("incomplete_details").Text("reason") == "content_filter" ? "refusal" : "length",
            _ => null,
        };

        // {"input_tokens":20,"input_tokens_details":{"cached_tokens":0},"output_tokens":166}: each whole includes its details.
        var usage = response.Member("usage");
        answer.Input = usage.Count("input_tokens");
        answer.CacheRead = answer.Input is null ? null : usage.Member("input_tokens_details").Count("cached_tokens") ?? 0;
        answer.Output = usage.Count("output_tokens");
    }
}
