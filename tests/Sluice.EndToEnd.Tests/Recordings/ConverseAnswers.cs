using System.Globalization;
using System.Text.Json;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Reads Bedrock Converse answers, whole and as binary event streams.</summary>
internal static class ConverseAnswers
{
    public static Answer Whole(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        var answer = new Answer.Builder { Error = root.Member("output").ValueKind != JsonValueKind.Object };
        foreach (var block in root.Member("output").Member("message").Items("content"))
        {
            answer.Say(block.Text("text"));
            foreach (var cited in block.Member("citationsContent").Items("content"))
            {
                answer.Say(cited.Text("text"));
            }

            if (IsClients(block.Member("toolUse")))
            {
                var call = block.Member("toolUse");
                answer.Call(call.Text("toolUseId") ?? "", call.Text("name") ?? "");
                answer.Argue(call.Text("toolUseId") ?? "", call.Member("input").GetRawText());
            }
        }

        Usage(answer, root.Member("usage"));
        answer.Stop = StopOf(root.Text("stopReason"), answer.HasCalls);
        return answer.Build();
    }

    public static Answer Stream(byte[] stream)
    {
        var answer = new Answer.Builder();
        string? stop = null;
        foreach (var (type, payload) in EventFrames.Split(stream))
        {
            if (type.StartsWith('!'))
            {
                answer.Error = true;
                return answer.Build();
            }

            using var document = JsonDocument.Parse(payload);
            var item = document.RootElement;
            var key = item.Count("contentBlockIndex")?.ToString(CultureInfo.InvariantCulture) ?? "";
            switch (type)
            {
                case "contentBlockStart" when IsClients(item.Member("start").Member("toolUse")):
                    answer.Call(key, item.Member("start").Member("toolUse").Text("name") ?? "");
                    break;
                case "contentBlockDelta":
                    answer.Say(item.Member("delta").Text("text"));
                    answer.Argue(key, item.Member("delta").Member("toolUse").Text("input"));
                    break;
                case "messageStop":
                    stop = item.Text("stopReason");
                    break;
                case "metadata":
                    Usage(answer, item.Member("usage"));
                    break;
                default:
                    break;
            }
        }

        answer.Stop = StopOf(stop, answer.HasCalls);
        return answer.Build();
    }

    private static bool IsClients(JsonElement call) => call.ValueKind == JsonValueKind.Object && call.Text("type") != "server_tool_use";

    // {"inputTokens":9,"cacheReadInputTokens":1500,"cacheWriteInputTokens":0,"outputTokens":40}: disjoint counts.
    private static void Usage(Answer.Builder answer, JsonElement usage)
    {
        if (usage.Count("inputTokens") is not { } input)
        {
            return;
        }

        answer.CacheRead = usage.Count("cacheReadInputTokens") ?? 0;
        answer.Input = input + answer.CacheRead + (usage.Count("cacheWriteInputTokens") ?? 0);
        answer.Output = usage.Count("outputTokens");
    }

    private static string? StopOf(string? reason, bool hasCalls) => reason switch
    {
        null => null,
        "max_tokens" or "model_context_window_exceeded" => "length",
        "guardrail_intervened" or "content_filtered" => "refusal",
        _ => hasCalls ? "tools" : "end",
    };
}
