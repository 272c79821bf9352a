using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Gemini answers as a simple client understands them, read by System.Text.Json alone, and short ways to the code under test.</summary>
internal static partial class GeminiTestKit
{
    public static readonly ClientTarget Client = new("test/model", "gen-test-1") { EstimatedInputTokens = 7, Created = 1_700_000_000 };

    public static string NormalFinish(Answer answer) => answer.Finish switch
    {
        "MAX_TOKENS" or "2" => "MaxTokens",
        "SAFETY" or "PROHIBITED_CONTENT" or "BLOCKLIST" or "SPII" or "RECITATION" or "MODEL_ARMOR" or "BLOCKED" => "Refusal",
        _ => answer.Calls.Count > 0 ? "ToolUse" : "EndTurn",
    };

    /// <summary>The chunks of a stream, or of a whole answer (an object, or a list of chunks).</summary>
    public static List<JsonElement> Chunks(byte[] bytes, bool stream)
    {
        if (stream)
        {
            return [.. SseSplitter.Split(bytes).Where(e => e.Data.Length > 0).Select(e => Parse(e.Data))];
        }

        var root = Parse(bytes);
        return root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : [root];
    }

    public static Answer Read(IReadOnlyList<JsonElement> chunks)
    {
        var text = new StringBuilder();
        var thinking = new StringBuilder();
        var calls = new List<(string Name, JsonNode Arguments)>();
        string? finish = null, error = null;
        JsonElement? usage = null;
        foreach (var chunk in chunks)
        {
            error = chunk.TryGetProperty("error", out var problem) ? problem.GetRawText() : error;
            if (chunk.TryGetProperty("usageMetadata", out var counts) && counts.TryGetProperty("totalTokenCount", out _))
            {
                usage = counts;
            }

            finish = chunk.TryGetProperty("promptFeedback", out var feedback) && feedback.TryGetProperty("blockReason", out _) ? "BLOCKED" : finish;
            foreach (var candidate in chunk.TryGetProperty("candidates", out var list) ? list.EnumerateArray() : default)
            {
                if (candidate.TryGetProperty("index", out var index) && index.GetInt32() != 0)
                {
                    continue;
                }

                finish = candidate.TryGetProperty("finishReason", out var word) ? word.ToString() : finish;
                if (candidate.TryGetProperty("content", out var content) && content.TryGetProperty("parts", out var parts))
                {
                    foreach (var part in parts.EnumerateArray())
                    {
                        Part(part, text, thinking, calls);
                    }
                }
            }
        }

        return new Answer(text.ToString(), thinking.ToString(), "", [.. calls.Select(c => (c.Name, ChatTestKit.Canonical(c.Arguments.ToJsonString())))], finish) { Usage = usage, Error = error };
    }

    public static List<StreamEvent> ReadStream(byte[] stream)
    {
        var reader = GeminiFormat.Instance.CreateStreamReader(Sluice.Protocols.OpenAIChat.ChatDialect.Generic);
        return ReadStream(reader, stream);
    }

    public static List<StreamEvent> ReadStream(IStreamReader reader, byte[] stream)
    {
        var events = new List<StreamEvent>();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            reader.Read(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data), events);
        }

        reader.Complete(events);
        return events;
    }

    public static List<StreamEvent> ReadChunks(params string[] chunks) =>
        ReadStream(Encoding.UTF8.GetBytes(string.Concat(chunks.Select(c => "data: " + c + "\r\n\r\n"))));

    public static byte[] WriteStream(IEnumerable<StreamEvent> events, DegradationLog? log = null) =>
        WriteStream(GeminiFormat.Instance, events, log);

    public static byte[] WriteStream(IClientFormat format, IEnumerable<StreamEvent> events, DegradationLog? log = null)
    {
        var writer = format.CreateStreamWriter(Client, log ?? new DegradationLog());
        var output = new ArrayBufferWriter<byte>();
        foreach (var item in events)
        {
            writer.Write(item, output);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Null when the stream is legal.</summary>
    public static string? Grammar(byte[] stream)
    {
        var grammar = GeminiFormat.Instance.CreateGrammar();
        foreach (var (name, data, raw) in SseSplitter.Split(stream))
        {
            if (grammar.Accept(new SseFrame(raw, Encoding.UTF8.GetBytes(name), data)) is { } wrong)
            {
                return wrong + " at " + Encoding.UTF8.GetString(data);
            }
        }

        return grammar.Complete();
    }

    public static ConversationRequest ReadRequest(string body)
    {
        var read = GeminiFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body));
        Assert.Null(read.Error);
        return read.Value!;
    }

    public static JsonElement WriteRequest(ConversationRequest request, string model, DegradationLog? log = null, ModelTraits? traits = null)
    {
        var output = new ArrayBufferWriter<byte>();
        var refusal = GeminiFormat.Instance.WriteRequest(request, new UpstreamTarget(model, Sluice.Protocols.OpenAIChat.ChatDialect.Generic, traits ?? ModelTraits.Unknown), log ?? new DegradationLog(), output);
        Assert.Null(refusal);
        return Parse(output.WrittenSpan.ToArray());
    }

    public static JsonElement Parse(byte[] json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 512 });
        return document.RootElement.Clone();
    }

    public static JsonElement Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    public static TheoryData<string> Folders(string api, Func<Recording, bool> wanted)
    {
        var data = new TheoryData<string>();
        foreach (var recording in SharedData.Recordings(api).Where(wanted))
        {
            data.Add(recording.Folder);
        }

        if (!SharedData.Exists)
        {
            data.Add("missing");
        }

        return data;
    }

    public static void SkipWithoutData()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }
    }

    public static int Status(Recording recording) => recording.Meta().GetProperty("status").GetInt32();

    private static void Part(JsonElement part, StringBuilder text, StringBuilder thinking, List<(string Name, JsonNode Arguments)> calls)
    {
        if (part.TryGetProperty("text", out var words))
        {
            (part.TryGetProperty("thought", out var thought) && thought.ValueKind == JsonValueKind.True ? thinking : text).Append(words.GetString());
        }

        if (!part.TryGetProperty("functionCall", out var call))
        {
            return;
        }

        if (call.TryGetProperty("name", out var name))
        {
            calls.Add((name.GetString()!, call.TryGetProperty("args", out var args) ? JsonNode.Parse(args.GetRawText())! : new JsonObject()));
        }

        if (call.TryGetProperty("partialArgs", out var pieces))
        {
            foreach (var piece in pieces.EnumerateArray())
            {
                Put(calls[^1].Arguments, piece);
            }
        }
    }

    private static void Put(JsonNode root, JsonElement piece)
    {
        var steps = Step().Matches(piece.GetProperty("jsonPath").GetString()!).Select(m => m.Groups["name"].Success ? m.Groups["name"].Value : m.Groups["index"].Value).ToList();
        var isIndex = Step().Matches(piece.GetProperty("jsonPath").GetString()!).Select(m => m.Groups["index"].Success).ToList();
        var node = root;
        for (var i = 0; i < steps.Count; i++)
        {
            var last = i == steps.Count - 1;
            JsonNode? next = last ? null : isIndex[i + 1] ? new JsonArray() : new JsonObject();
            if (isIndex[i])
            {
                var list = (JsonArray)node;
                var at = int.Parse(steps[i], CultureInfo.InvariantCulture);
                while (list.Count <= at)
                {
                    list.Add(null);
                }

                if (last || list[at] is null)
                {
                    list[at] = last ? Value(list[at], piece) : next;
                }

                node = list[at]!;
            }
            else
            {
                if (last || node[steps[i]] is null)
                {
                    node[steps[i]] = last ? Value(node[steps[i]], piece) : next;
                }

                node = node[steps[i]]!;
            }
        }
    }

    private static JsonNode? Value(JsonNode? before, JsonElement piece) =>
        piece.TryGetProperty("stringValue", out var text) ? JsonValue.Create(before?.GetValue<string>() + text.GetString())
        : piece.TryGetProperty("numberValue", out var number) ? JsonNode.Parse(number.GetRawText())
        : piece.TryGetProperty("boolValue", out var flag) ? JsonValue.Create(flag.GetBoolean())
        : null;

    [GeneratedRegex(@"\.(?<name>[^.\[]+)|\[(?<index>\d+)\]", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Step();
}
