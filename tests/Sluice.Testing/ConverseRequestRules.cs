using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Testing;

/// <summary>What Converse refuses, written from its specification and real refusals, by System.Text.Json alone.</summary>
public static partial class ConverseRequestRules
{
    private static readonly string[] Members =
        ["messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "promptVariables", "additionalModelResponseFieldPaths", "requestMetadata", "performanceConfig", "serviceTier", "outputConfig"];

    private static readonly string[] Blocks = ["text", "image", "document", "video", "toolUse", "toolResult", "guardContent", "cachePoint", "reasoningContent", "citationsContent"];

    public static List<string> Violations(JsonElement request)
    {
        var wrong = new List<string>();
        wrong.AddRange(request.EnumerateObject().Where(m => !Members.Contains(m.Name)).Select(m => "unknown member " + m.Name));
        var role = "assistant";
        var open = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var hasCalls = false;
        foreach (var message in request.GetProperty("messages").EnumerateArray())
        {
            var next = message.GetProperty("role").GetString()!;
            Check(next != role && next is "user" or "assistant", "roles do not alternate");
            role = next;
            var blocks = message.GetProperty("content").EnumerateArray().ToList();
            Check(blocks.Count > 0, "no content");
            var answered = new List<string>();
            foreach (var block in blocks)
            {
                var members = block.EnumerateObject().ToList();
                Check(members.Count == 1 && Blocks.Contains(members[0].Name), "not one known block: " + block);
                var value = members[0].Value;
                switch (members[0].Name)
                {
                    case "text":
                        Check(!string.IsNullOrWhiteSpace(value.GetString()), "blank text");
                        break;
                    case "image":
                        Check(value.GetProperty("format").GetString() is "png" or "jpeg" or "gif" or "webp", "image format");
                        Check(value.GetProperty("source").TryGetProperty("bytes", out _), "image without bytes");
                        break;
                    case "document":
                        Check(value.GetProperty("format").GetString() is "pdf" or "csv" or "doc" or "docx" or "xls" or "xlsx" or "html" or "txt" or "md", "document format");
                        var name = value.GetProperty("name").GetString()!;
                        Check(Name().IsMatch(name) && !name.Contains("  ", StringComparison.Ordinal), "document name " + name);
                        Check(names.Add(name), "document name twice");
                        Check(blocks.Exists(b => b.TryGetProperty("text", out _)), "document without text");
                        break;
                    case "toolUse":
                        hasCalls = true;
                        var id = value.GetProperty("toolUseId").GetString()!;
                        Check(Id().IsMatch(id), "tool id " + id);
                        Check(seen.Add(id), "tool id twice");
                        Check(value.GetProperty("input").ValueKind == JsonValueKind.Object, "input is no object");
                        open.Add(id);
                        break;
                    case "toolResult":
                        answered.Add(value.GetProperty("toolUseId").GetString()!);
                        Check(value.GetProperty("content").GetArrayLength() > 0, "empty result");
                        break;
                    case "reasoningContent":
                        Check(next == "assistant", "a user thinks");
                        Check(value.TryGetProperty("redactedContent", out _) || value.GetProperty("reasoningText").GetProperty("signature").GetString()!.Length > 0, "unsigned thinking");
                        break;
                    default:
                        break;
                }
            }

            if (next == "user")
            {
                Check(open.Order(StringComparer.Ordinal).SequenceEqual(answered.Order(StringComparer.Ordinal)), "results do not answer the calls: " + string.Join(',', open) + " / " + string.Join(',', answered));
                open.Clear();
            }
        }

        var hasTools = request.TryGetProperty("toolConfig", out var tools);
        Check(!hasCalls || hasTools, "calls without toolConfig");
        Check(!hasTools || tools.GetProperty("tools").GetArrayLength() > 0, "toolConfig without tools");
        Check(CachePoints(request).Count <= 4, "more than 4 cache points");
        return wrong;

        void Check(bool holds, string what)
        {
            if (!holds)
            {
                wrong.Add(what);
            }
        }
    }

    /// <summary>Where cache points stand: <c>tools</c>, <c>system</c> or <c>messages</c>, with their time to live.</summary>
    public static List<string> CachePoints(JsonElement request)
    {
        var found = new List<string>();
        if (request.TryGetProperty("toolConfig", out var tools))
        {
            Add("tools", tools.GetProperty("tools"));
        }

        if (request.TryGetProperty("system", out var system))
        {
            Add("system", system);
        }

        foreach (var message in request.GetProperty("messages").EnumerateArray())
        {
            Add("messages", message.GetProperty("content"));
        }

        return found;

        void Add(string where, JsonElement blocks)
        {
            foreach (var block in blocks.EnumerateArray())
            {
                if (block.TryGetProperty("cachePoint", out var point))
                {
                    found.Add(where + (point.TryGetProperty("ttl", out var ttl) ? " " + ttl.GetString() : ""));
                }
            }
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Id();

    [GeneratedRegex(@"^[a-zA-Z0-9 \-()\[\]]{1,200}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
