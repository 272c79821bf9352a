using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sluice.Protocols.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class BodyEditsTests
{
    private static string Edit(string body, string model, WireProtocol protocol = WireProtocol.OpenAIChat, BodyEditOptions? options = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var envelope = EnvelopeScanner.Scan(protocol, bytes).Envelope!;
        var edits = BodyEdits.ForModel(envelope, bytes, model, options);
        var output = new ArrayBufferWriter<byte>();
        edits.CopyTo(bytes, output);
        Assert.Equal(output.WrittenCount, edits.Length);
        var pieces = edits.Pieces(bytes).SelectMany(p => p.ToArray()).ToArray();
        Assert.Equal(output.WrittenSpan.ToArray(), pieces);
        return Encoding.UTF8.GetString(pieces);
    }

    [Theory]
    [InlineData(WireProtocol.OpenAIChat, """{"model":"a"}""", """{"service_tier":"flex","model":"a"}""")]
    [InlineData(WireProtocol.OpenAIChat, """{"models":["a"]}""", """{"model":"a","service_tier":"flex"}""")]
    [InlineData(WireProtocol.OpenAIChat, """{"model":"a", "service_tier" : "Flex"}""", """{"model":"a", "service_tier" : "Flex"}""")]
    [InlineData(WireProtocol.OpenAIChat, """{"model":"a","service_tier":null,"speed":"fast"}""", """{"model":"a","service_tier":"flex"}""")]
    [InlineData(WireProtocol.OpenAIResponses, """{"model":"a","service_tier":"auto"}""", """{"model":"a","service_tier":"flex"}""")]
    [InlineData(WireProtocol.Gemini, """{"contents":[],"service_tier":"priority"}""", """{"model":"a","contents":[],"service_tier":"flex"}""")]
    [InlineData(WireProtocol.Gemini, """{"contents":[]}""", """{"model":"a","serviceTier":"flex","contents":[]}""")]
    [InlineData(WireProtocol.AnthropicMessages, """{"model":"a","speed":"fast"}""", """{"model":"a","speed":"fast"}""")]
    public void ServiceTier_AskedFor_StandsInTheFormatsOwnMember(WireProtocol protocol, string body, string expected) =>
        Assert.Equal(expected, Edit(body, "a", protocol, new BodyEditOptions { ServiceTier = "flex" }));

    [Fact]
    public void ServiceTier_GivenTwice_IsRefused()
    {
        var result = EnvelopeScanner.Scan(WireProtocol.OpenAIChat, """{"model":"a","service_tier":"flex","service_tier":"default"}"""u8.ToArray());

        Assert.Equal("service_tier", result.Error!.Param);
    }

    [Theory]
    [InlineData("""{"model":"a"}""", """{"model":"b"}""")]
    [InlineData("""{"model":"b"}""", """{"model":"b"}""")]
    [InlineData("""{"mod\u0065l" : "\u0062" }""", """{"mod\u0065l" : "\u0062" }""")]
    [InlineData("""{"models":["x"],"model":"a","n":1}""", """{"model":"b","n":1}""")]
    [InlineData("""{"model":"a","models":["x"],"n":1}""", """{"model":"b","n":1}""")]
    [InlineData("""{"model":"a","n":1,"models":["x"]}""", """{"model":"b","n":1}""")]
    [InlineData("""{ "model" : "a" , "models" : [ "x" ] , "n" : 1 }""", """{ "model" : "b" , "n" : 1 }""")]
    [InlineData("""{ "model" : "a" , "n" : 1 , "models" : [ "x" ] }""", """{ "model" : "b" , "n" : 1  }""")]
    [InlineData("""{"models":["x"],"provider":{},"model":"a"}""", """{"model":"b"}""")]
    [InlineData("""{"model":"a","models":["x"],"provider":{}}""", """{"model":"b"}""")]
    [InlineData("""{"model":"a","models":["x"],"n":1,"provider":{},"usage":{"include":true}}""", """{"model":"b","n":1}""")]
    [InlineData("""{"models":["x"]}""", """{"model":"b"}""")]
    [InlineData("""{"models":["x"],"provider":{}}""", """{"model":"b"}""")]
    [InlineData("""{"models":["x"],"n":1}""", """{"model":"b","n":1}""")]
    [InlineData("""{}""", """{"model":"b"}""")]
    [InlineData("""{"usage":{"include":true},"model":"a"}""", """{"model":"b"}""")]
    public void Edit_ForAVendor_ChangesNothingElse(string body, string expected) => Assert.Equal(expected, Edit(body, "b"));

    [Theory]
    [InlineData("""{"model":"b","stream":true}""", """{"stream_options":{"include_usage":true},"model":"b","stream":true}""")]
    [InlineData("""{"models":[],"model":"b","stream":true}""", """{"stream_options":{"include_usage":true},"model":"b","stream":true}""")]
    [InlineData("""{"models":[],"stream":true}""", """{"model":"b","stream_options":{"include_usage":true},"stream":true}""")]
    [InlineData("""{"model":"b","stream":false}""", """{"model":"b","stream":false}""")]
    [InlineData("""{"model":"b","stream":true,"stream_options":{"include_usage":true}}""", """{"model":"b","stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"model":"b","stream":true,"stream_options":{"include_usage":false,"x":1}}""", """{"model":"b","stream":true,"stream_options":{"include_usage":true,"x":1}}""")]
    [InlineData("""{"model":"b","stream":true,"stream_options":{"x":1}}""", """{"model":"b","stream":true,"stream_options":{"include_usage":true,"x":1}}""")]
    [InlineData("""{"model":"b","stream":true,"stream_options":{}}""", """{"model":"b","stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"model":"b","stream":true,"stream_options":null}""", """{"model":"b","stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"model":"b","stream":true,"stream_options":7}""", """{"model":"b","stream":true,"stream_options":7}""")]
    public void Edit_ChatStream_AsksForUsage(string body, string expected) => Assert.Equal(expected, Edit(body, "b"));

    [Fact]
    public void Edit_AnthropicStream_HasNoStreamOptions() =>
        Assert.Equal("""{"model":"b","stream":true}""", Edit("""{"model":"b","stream":true,"user":"u"}""", "b", WireProtocol.AnthropicMessages));

    [Fact]
    public void Edit_ForAGateway_KeepsItsMembers() =>
        Assert.Equal("""{"model":"b","models":["x"]}""", Edit("""{"model":"a","models":["x"]}""", "b", options: new BodyEditOptions { RemoveGatewayMembers = false }));

    [Fact]
    public void Edit_ServerWithoutStreamOptions_IsNotAsked() =>
        Assert.Equal("""{"model":"b","stream":true}""", Edit("""{"model":"a","stream":true}""", "b", options: new BodyEditOptions { AskForUsage = false }));

    [Fact]
    public void Edit_ModelWithQuotes_IsEscaped() => Assert.Equal("""{"model":"a\"b/c:é"}""", Edit("""{"model":"a"}""", "a\"b/c:é"));

    [Fact]
    public void Edit_NothingToChange_IsEmpty()
    {
        var body = """{"model":"a","messages":[]}"""u8.ToArray();
        Assert.True(BodyEdits.ForModel(EnvelopeScanner.Scan(WireProtocol.OpenAIChat, body).Envelope!, body, "a").IsEmpty);
    }

    [Fact]
    public void Edit_AnyMixOfMembers_EqualsTheEditedObjectTree()
    {
        var random = new Random(11);
        string[] kept = ["\"n\": 1", "\"messages\" :[{\"content\":\"a,}\\\"\"}]", "\"temperature\":0.50", "\"seed\":1e2", "\"stream\":true", "\"tools\":[]", "\"stream_options\":{\"x\":[1]}"];
        string[] gateway = ["\"models\":[\"x\",\"y\"]", "\"provider\":{\"order\":[\"a}\"]}", "\"usage\":{\"include\":true}", "\"route\":\"fallback\"", "\"trace\":null", "\"plugins\": []"];
        string[] space = ["", "", "", " ", "\n  ", "\t"];
        for (var round = 0; round < 20_000; round++)
        {
            var members = kept.Where(_ => random.Next(2) == 0).Concat(gateway.Where(_ => random.Next(2) == 0)).Append(random.Next(2) == 0 ? "\"model\":\"a\"" : null).OfType<string>().ToArray();
            random.Shuffle(members);
            var body = "{" + string.Join(",", members.Select(m => space[random.Next(space.Length)] + m + space[random.Next(space.Length)])) + (members.Length == 0 ? " " : "") + "}";
            var edited = Edit(body, "b");
            var expected = JsonNode.Parse(body)!.AsObject();
            foreach (var name in new[] { "models", "provider", "usage", "route", "trace", "plugins" })
            {
                expected.Remove(name);
            }

            expected["model"] = "b";
            if (expected.ContainsKey("stream"))
            {
                expected["stream_options"] ??= new JsonObject();
                expected["stream_options"]!["include_usage"] = true;
            }

            Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(edited)), $"{body}\n{edited}");
            foreach (var member in members.Where(m => kept.Contains(m) && !m.Contains("stream_options", StringComparison.Ordinal)))
            {
                Assert.Contains(member, edited, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Edit_RealBodies_EqualTheEditedObjectTree()
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        foreach (var (protocol, name, body) in RequestBodies.All())
        {
            var edited = Edit(Encoding.UTF8.GetString(body), "other/model", protocol);
            var expected = JsonNode.Parse(body)!.AsObject();
            expected["model"] = "other/model";
            foreach (var member in EnvelopeScanner.Scan(protocol, body).Envelope!.GatewayMembers)
            {
                Assert.True(expected.Remove(member.Name));
            }

            if (protocol == WireProtocol.OpenAIChat && expected["stream"] is JsonValue stream && stream.GetValueKind() == System.Text.Json.JsonValueKind.True)
            {
                expected["stream_options"] ??= new JsonObject();
                expected["stream_options"]!["include_usage"] = true;
            }

            Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(edited)), name);
        }
    }
}
