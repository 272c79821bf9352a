using System.Text;
using System.Text.Json;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class EnvelopeScannerTests
{
    private static EnvelopeResult Scan(string body, WireProtocol protocol = WireProtocol.AnthropicMessages) => EnvelopeScanner.Scan(protocol, Encoding.UTF8.GetBytes(body));

    private static Envelope Good(string body, WireProtocol protocol = WireProtocol.AnthropicMessages)
    {
        var result = Scan(body, protocol);
        Assert.Null(result.Error);
        return result.Envelope!;
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[],"max_completion_tokens":16,"max_tokens":100000}""", 100_000)]
    [InlineData("""{"model":"m","messages":[],"max_tokens":8,"max_completion_tokens":9}""", 9)]
    [InlineData("""{"model":"m","messages":[],"max_tokens":8}""", 8)]
    public void Scan_TwoLimitsOfOutput_TheLargerCounts(string body, long limit) =>
        Assert.Equal(limit, EnvelopeScanner.Scan(WireProtocol.OpenAIChat, System.Text.Encoding.UTF8.GetBytes(body)).Envelope!.MaxOutputTokens);

    [Fact]
    public void Body_AnthropicAgent_IsUnderstood()
    {
        const string Body = """
            {"model":"claude-sonnet-4-6","max_tokens":32000,"stream":true,"thinking":{"type":"adaptive"},
             "metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"s-1\"}"},
             "system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],
             "tools":[{"name":"Read","input_schema":{"type":"object","properties":{"cache_control":{"type":"string"},"type":{"enum":["image"]}}}},{"name":"Write","input_schema":{}}],
             "messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"u"}},{"type":"text","text":"\"cache_control\":{","cache_control": {"type":"ephemeral"}}]},
                         {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"document","source":{}}]}]}]}
            """;
        var envelope = Good(Body);
        Assert.Equal("claude-sonnet-4-6", envelope.Model);
        Assert.Equal("\"claude-sonnet-4-6\"", Body[envelope.ModelValue.Start..envelope.ModelValue.End]);
        Assert.True(envelope.Stream);
        Assert.True(envelope.WantsThinking);
        Assert.True(envelope.HasImages);
        Assert.True(envelope.HasDocuments);
        Assert.Equal(32000, envelope.MaxOutputTokens);
        Assert.Equal(2, envelope.MessageCount);
        Assert.Equal(2, envelope.ToolCount);
        Assert.Equal("s-1", envelope.SessionId);
        Assert.Empty(envelope.GatewayMembers);
        Assert.Equal(8, envelope.MemberCount);

        // Two marks, and one schema property of that name, which cannot be told from a mark by name and shape.
        Assert.Equal(3, envelope.CacheMarks);
    }

    [Fact]
    public void Body_ChatWithGatewayMembers_NamesThemAndWhereTheyStand()
    {
        const string Body = """{"models":["a/b","c/d"],"model":"x","provider":{"order":["y"]},"messages":[],"session_id":"s","stream":true,"stream_options":{"include_usage":true},"usage":{"include":true},"max_completion_tokens":9,"max_tokens":8,"reasoning_effort":"high"}""";
        var envelope = Good(Body, WireProtocol.OpenAIChat);
        Assert.Equal(["models", "provider", "session_id", "usage"], envelope.GatewayMembers.Select(m => m.Name));
        Assert.Equal("\"provider\":{\"order\":[\"y\"]}", Body[envelope.GatewayMembers[1].Member.Start..envelope.GatewayMembers[1].Member.End]);
        Assert.Equal("{\"order\":[\"y\"]}", Body[envelope.GatewayMembers[1].Value.Start..envelope.GatewayMembers[1].Value.End]);
        Assert.Equal(["a/b", "c/d"], envelope.FallbackModels);
        Assert.Equal("s", envelope.SessionId);
        Assert.True(envelope.IncludeStreamUsage);
        Assert.Equal("{\"include_usage\":true}", Body[envelope.StreamOptions.Start..envelope.StreamOptions.End]);
        Assert.Equal(9, envelope.MaxOutputTokens);
        Assert.True(envelope.WantsThinking);
    }

    [Theory]
    [InlineData("""{"mod\u0065l":"m"}""", "m")]
    [InlineData("""{"model":"a\/b\u00e9"}""", "a/bé")]
    [InlineData("""  {  "model"  :  "m"  }  """, "m")]
    [InlineData("""{"x":"\\","model":"m"}""", "m")]
    [InlineData("""{"x":"\"model\":\"n\"","y":{"model":"o"},"model":"m"}""", "m")]
    [InlineData("{}", null)]
    public void Model_HoweverSpelled_IsFound(string body, string? model) => Assert.Equal(model, Good(body).Model);

    [Theory]
    [InlineData("""{"fallbacks":[{"model":"a/b"},{"model":"c/d"}]}""", new[] { "a/b", "c/d" })]
    [InlineData("""{"fallbacks":["a/b"]}""", new[] { "a/b" })]
    [InlineData("""{"models":[{"name":"no"},7,"yes"]}""", new[] { "yes" })]
    [InlineData("""{"models":null}""", new string[0])]
    public void Fallbacks_InEitherShape_AreRead(string body, string[] expected) => Assert.Equal(expected, Good(body).FallbackModels);

    [Theory]
    [InlineData("""{"metadata":{"user_id":"user_abc_account_def_session_0f1"}}""", "0f1")]
    [InlineData("""{"metadata":{"user_id":"{\"session_id\":7}"}}""", null)]
    [InlineData("""{"metadata":{"user_id":"{broken"}}""", null)]
    [InlineData("""{"metadata":7}""", null)]
    [InlineData("""{"prompt_cache_key":"k"}""", "k")]
    [InlineData("""{"prompt_cache_key":"k","session_id":"s"}""", "s")]
    public void Session_FromTheBody_IsRead(string body, string? session) => Assert.Equal(session, Good(body).SessionId);

    [Fact]
    public void Session_TooLong_IsNone() => Assert.Null(Good($$"""{"session_id":"{{new string('s', 257)}}"}""").SessionId);

    [Theory]
    [InlineData("""{"model":"a","model":"b"}""", "model")]
    [InlineData("""{"model":"a","mod\u0065l":"b"}""", "model")]
    [InlineData("""{"stream":true,"stream":false}""", "stream")]
    [InlineData("""{"provider":{},"provider":{}}""", "provider")]
    [InlineData("""{"models":[],"\u006dodels":[]}""", "models")]
    [InlineData("""{"model":7}""", "model")]
    [InlineData("""{"model":null}""", "model")]
    [InlineData("""{"model":{"a":1}}""", "model")]
    [InlineData("""{"model":"\ud800"}""", "model")]
    [InlineData("""{"stream":"true"}""", "stream")]
    [InlineData("""{"stream":1}""", "stream")]
    [InlineData("""{"messages":{}}""", "messages")]
    [InlineData("""{"messages":"hi"}""", "messages")]
    public void Body_AmbiguousOrWronglyTyped_NamesTheMember(string body, string param)
    {
        var error = Scan(body).Error!;
        Assert.Equal(ErrorKind.InvalidRequest, error.Kind);
        Assert.Equal(param, error.Param);
        Assert.Contains($"`{param}`", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":1 \"b\":2}")]
    [InlineData("{,}")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\":\"b}")]
    [InlineData("{\"a\":\"b\\\"}")]
    [InlineData("{\"a\":[1}")]
    [InlineData("{\"a\":[1}]}")]
    [InlineData("{\"a\":{\"b\":[]}")]
    [InlineData("{} {}")]
    [InlineData("{}x")]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":undefined}")]
    [InlineData("{a:1}")]
    public void Body_NoJsonObject_IsRefused(string body) => Assert.Equal(ErrorKind.InvalidRequest, Scan(body).Error?.Kind);

    [Fact]
    public void Body_NotUtf8_IsRefused() =>
        Assert.Equal(ErrorKind.InvalidRequest, EnvelopeScanner.Scan(WireProtocol.OpenAIChat, new byte[] { (byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}' }).Error?.Kind);

    [Theory]
    [InlineData(511, true)]
    [InlineData(512, false)]
    public void Nesting_UpTo512_IsTaken(int arrays, bool taken) =>
        Assert.Equal(taken, Scan($$"""{"a":{{new string('[', arrays)}}{{new string(']', arrays)}}}""").Error is null);

    [Fact]
    public void Scan_EveryTruncation_IsRefusedAndNothingThrows()
    {
        var body = Encoding.UTF8.GetBytes("""{"model":"m\u00e9","messages":[{"role":"user","content":[{"type":"text","text":"ü \"x\" \\"}]}],"stream":true,"models":["a"]}""");
        for (var length = 0; length < body.Length; length++)
        {
            Assert.NotNull(EnvelopeScanner.Scan(WireProtocol.OpenAIChat, body.AsMemory(0, length)).Error);
        }
    }

    [Fact]
    public void Scan_MutatedBodies_NeverThrowAndNeverPassWhatCannotBeParsedByBrackets()
    {
        var body = Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"ü \"x\" \\"}]}],"stream":true,"metadata":{"user_id":"{\"session_id\":\"s\"}"},"stream_options":{"include_usage":false},"models":["a",{"model":"b"}]}""");
        var random = new Random(7);
        var alphabet = "{}[]\":,\\ tfn0u\u00e9x"u8.ToArray();
        for (var round = 0; round < 200_000; round++)
        {
            var mutated = (byte[])body.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                mutated[random.Next(mutated.Length)] = random.Next(4) == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            }

            var result = EnvelopeScanner.Scan(round % 2 == 0 ? WireProtocol.OpenAIChat : WireProtocol.AnthropicMessages, mutated);
            Assert.True(result.Envelope is null != result.Error is null);
            if (result.Error is { Param: null })
            {
                // Refused as malformed: an independent parser must agree.
                Assert.False(Parses(mutated), Encoding.UTF8.GetString(mutated));
            }
            else if (result.Envelope is { } envelope)
            {
                var edits = BodyEdits.ForModel(envelope, mutated, "other");
                Assert.Equal(edits.Length, edits.Pieces(mutated).Sum(p => p.Length));
            }
        }
    }

    [Fact]
    public void Strings_WithAnyRunsOfBackslashes_EndWhereAParserEndsThem()
    {
        var random = new Random(3);
        string[] pieces = ["\\\\", "\\\"", "\\n", "x", "}", "{", "[\\\"", "the quick brown fox jumps over it", "é", "\\u0041"];
        for (var round = 0; round < 20_000; round++)
        {
            var body = new StringBuilder("{\"messages\":[");
            var texts = random.Next(1, 4);
            for (var i = 0; i < texts; i++)
            {
                body.Append(i > 0 ? "," : "").Append("{\"a\":\"");
                for (var n = random.Next(0, 30); n > 0; n--)
                {
                    body.Append(pieces[random.Next(pieces.Length)]);
                }

                body.Append("\"}");
            }

            body.Append("],\"model\":\"m\"}");
            var text = body.ToString();
            using var document = JsonDocument.Parse(text);
            var envelope = Good(text);
            Assert.Equal(texts, envelope.MessageCount);
            Assert.Equal("m", envelope.Model);

            // One quote less and the body is open to its end.
            Assert.NotNull(Scan(text[..^2]).Error);
        }
    }

    [Fact]
    public void RealBodies_AgainstAnObjectTree_AreUnderstoodTheSame()
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var count = 0;
        foreach (var (protocol, name, body) in RequestBodies.All())
        {
            count++;
            var result = EnvelopeScanner.Scan(protocol, body);
            Assert.True(result.Error is null, $"{name}: {result.Error?.Message}");
            var envelope = result.Envelope!;
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            Assert.Equal((name, Text(root, "model")), (name, envelope.Model));
            Assert.Equal(root.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True, envelope.Stream);
            Assert.Equal((name, Length(root, "messages")), (name, envelope.MessageCount));
            Assert.Equal((name, Length(root, "tools") + Length(root, "functions")), (name, envelope.ToolCount));
            Assert.Equal((name, root.EnumerateObject().Count()), (name, envelope.MemberCount));
            Assert.Equal((name, Marks(root)), (name, envelope.CacheMarks));
            Assert.Equal((name, Parts(root).Any(t => t is "image" or "image_url" or "input_image")), (name, envelope.HasImages));
            Assert.Equal((name, Parts(root).Any(t => t is "document" or "file" or "input_file")), (name, envelope.HasDocuments));
            if (root.TryGetProperty("tools", out var tools) && tools.ValueKind == JsonValueKind.Array)
            {
                Assert.Equal(Encoding.UTF8.GetByteCount(tools.GetRawText()), envelope.ToolBytes);
            }

            if (root.TryGetProperty("stream_options", out var options))
            {
                Assert.Equal(options.GetRawText(), Encoding.UTF8.GetString(body.AsSpan(envelope.StreamOptions.Start, envelope.StreamOptions.Length)));
            }

            if (envelope.Model is not null)
            {
                Assert.Equal(root.GetProperty("model").GetRawText(), Encoding.UTF8.GetString(body.AsSpan(envelope.ModelValue.Start, envelope.ModelValue.Length)));
            }

            if (root.TryGetProperty("metadata", out var metadata) && metadata.TryGetProperty("user_id", out var user) && user.GetString()!.StartsWith('{'))
            {
                using var inner = JsonDocument.Parse(user.GetString()!);
                Assert.Equal(inner.RootElement.GetProperty("session_id").GetString(), envelope.SessionId);
            }
        }

        Assert.True(count > 100, $"Only {count} bodies were found.");
    }

    private static bool Parses(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 1000 });
            return document.RootElement.ValueKind == JsonValueKind.Object && System.Text.Unicode.Utf8.IsValid(body);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static int Length(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : 0;

    private static int Marks(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Sum(m => (m.Name == "cache_control" && m.Value.ValueKind == JsonValueKind.Object ? 1 : 0) + Marks(m.Value)),
        JsonValueKind.Array => element.EnumerateArray().Sum(Marks),
        _ => 0,
    };

    // Types of message parts (objects at depth 5 of the body) and of what stands in tool results (depth 7).
    private static IEnumerable<string?> Parts(JsonElement root) =>
        root.TryGetProperty("messages", out var messages) ? messages.EnumerateArray().SelectMany(m => Parts(m, 3)) : [];

    private static IEnumerable<string?> Parts(JsonElement value, int depth)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            return value.EnumerateArray().SelectMany(e => Parts(e, depth + 1));
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var inner = value.TryGetProperty("content", out var content) ? Parts(content, depth + 1) : [];
        return depth is 5 or 7 ? inner.Append(Text(value, "type")) : inner;
    }
}
