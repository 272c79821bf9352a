using System.Globalization;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>Reads Gemini answers: a stream is a row of answers that are read one after another; the first candidate counts.</summary>
internal static class GeminiAnswers
{
    public static Answer Whole(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        var answer = Read(root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : [root]);

        // What came in one piece is finished, also where it does not say so.
        return answer.Stop is null && root.Items("candidates").Any() ? answer with { Stop = answer.Calls.Count > 0 ? "tools" : "end" } : answer;
    }

    public static Answer Stream(byte[] stream) =>
        Read(SseSplitter.Split(stream).Where(e => e.Data.Length > 0).Select(e => JsonDocument.Parse(e.Data).RootElement));

    private static Answer Read(IEnumerable<JsonElement> chunks)
    {
        var answer = new Answer.Builder();
        string? reason = null;
        var calls = 0;
        foreach (var chunk in chunks)
        {
            answer.Error |= chunk.Member("error").ValueKind == JsonValueKind.Object;
            reason = chunk.Member("promptFeedback").Text("blockReason") is null ? reason : "SAFETY";
            answer.Say(chunk.Member("promptFeedback").Text("blockReasonMessage"));
            foreach (var candidate in chunk.Items("candidates").Where(c => (c.Count("index") ?? 0) == 0))
            {
                // Old answers have numbers for words.
                reason = candidate.Member("finishReason") is { ValueKind: JsonValueKind.String or JsonValueKind.Number } word ? word.ToString() : reason;
                foreach (var part in candidate.Member("content").Items("parts"))
                {
                    Part(answer, part, ref calls);
                }
            }

            Usage(answer, chunk.Member("usageMetadata"));
        }

        answer.Stop = reason switch
        {
            null => null,
            "MAX_TOKENS" or "2" => "length",
            "SAFETY" or "PROHIBITED_CONTENT" or "BLOCKLIST" or "SPII" or "RECITATION" or "MODEL_ARMOR" => "refusal",
            _ => answer.HasCalls ? "tools" : "end",
        };
        return answer.Build();
    }

    private static void Part(Answer.Builder answer, JsonElement part, ref int calls)
    {
        if (part.Member("thought").ValueKind != JsonValueKind.True)
        {
            answer.Say(part.Text("text"));
        }

        var call = part.Member("functionCall");
        if (call.Text("name") is { Length: > 0 } name)
        {
            answer.Call((++calls).ToString(CultureInfo.InvariantCulture), name);
        }

        var key = calls.ToString(CultureInfo.InvariantCulture);
        if (call.Member("args") is { ValueKind: JsonValueKind.Object } args)
        {
            answer.Argue(key, args.GetRawText());
        }

        foreach (var piece in call.Items("partialArgs"))
        {
            answer.Put(key, piece.Text("jsonPath") ?? "", piece);
        }
    }

    // {"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":7,"toolUsePromptTokenCount":2,"totalTokenCount":24}:
    // the prompt includes what was cached; thoughts and the built-in tools' prompts stand beside the others. A later object replaces the earlier one.
    private static void Usage(Answer.Builder answer, JsonElement usage)
    {
        if (usage.Count("totalTokenCount") is null && usage.Count("promptTokenCount") is null)
        {
            return;
        }

        var candidates = usage.Count("candidatesTokenCount");
        var thoughts = usage.Count("thoughtsTokenCount");
        var tools = usage.Count("toolUsePromptTokenCount") ?? 0;
        answer.Input = (usage.Count("promptTokenCount") ?? 0) + tools;
        answer.CacheRead = usage.Count("cachedContentTokenCount") ?? 0;
        answer.Output = candidates is null && thoughts is null
            ? usage.Count("totalTokenCount") - answer.Input
            : (candidates ?? 0) + (thoughts ?? 0);
    }
}
