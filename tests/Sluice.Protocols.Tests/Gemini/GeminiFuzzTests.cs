using System.Buffers;
using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Schemas;
using Sluice.Protocols.Tests.Native;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>No bytes of a peer make the format throw; what it reads, it can write, and what it writes is legal.</summary>
public sealed class GeminiFuzzTests
{
    private const int Rounds = 2000;

    private static readonly byte[] Request = Encoding.UTF8.GetBytes("""
        {"contents":[{"role":"user","parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AA=="}},{"fileData":{"mimeType":"application/pdf","fileUri":"https://x/y.pdf"}}]},
        {"role":"model","parts":[{"text":"t","thought":true},{"functionCall":{"name":"f","args":{"a":[1]}},"thoughtSignature":"c2x1aWNlMS5hbnRocm9waWMuVzNzaWRDSTZJbmdpZlYw"},{"executableCode":{"code":"x"},"thoughtSignature":"AA=="}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"content":[{"type":"text","text":"x"}]},"parts":[{"inlineData":{"mimeType":"image/png","data":"AA=="}}]}}]}],
        "system_instruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"ARRAY","items":{"type":"STRING","nullable":true}}}}}]},{"googleSearch":{}}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f","g"]}},"generationConfig":{"maxOutputTokens":5,"topK":3,"stopSequences":["x"],"responseSchema":{"anyOf":[{"type":"STRING"}]},"thinkingConfig":{"thinkingBudget":-1}}}
        """);

    private static readonly byte[] Stream = Encoding.UTF8.GetBytes(string.Concat(new[]
    {
        """{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],"responseId":"r","modelVersion":"m"}""",
        """{"candidates":[{"content":{"parts":[{"text":"a\ud83d"}]},"groundingMetadata":{"groundingChunks":[{}]}}],"usageMetadata":{"promptTokenCount":1,"totalTokenCount":2}}""",
        """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","partialArgs":[{"jsonPath":"$.a[0].b","stringValue":"x"}],"willContinue":true},"thoughtSignature":"AA=="}]}}]}""",
        """{"candidates":[{"content":{"parts":[{"functionCall":{}},{"executableCode":{"code":"1"}},{"text":"","thoughtSignature":"BB=="}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1,"totalTokenCount":10}}""",
    }.Select(d => "data: " + d + "\r\n\r\n")));

    [Fact]
    public void Requests_Broken_AreReadOrRefused()
    {
        var random = new Random(1);
        var read = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var parsed = GeminiFormat.Instance.ReadRequest(Mutation.Of(Request, random));
            Assert.True(parsed.Value is null != parsed.Error is null);
            if (parsed.Error is { } error)
            {
                Assert.Equal(ErrorKind.InvalidRequest, error.Kind);
                continue;
            }

            read++;
            foreach (var (wire, model) in new[] { (WireProtocol.Gemini, "gemini-1.5-pro"), (WireProtocol.Gemini, "gemini-3-pro"), (WireProtocol.AnthropicMessages, "claude-sonnet-4-6"), (WireProtocol.OpenAIChat, "gpt-5") })
            {
                var output = new ArrayBufferWriter<byte>();
                if (WireFormats.Upstream(wire).WriteRequest(parsed.Value!, new UpstreamTarget(model, ChatDialect.Generic, ModelTraits.Unknown), new DegradationLog(), output) is null)
                {
                    Assert.True(Mutation.IsJson(output.WrittenMemory));
                }
            }
        }

        Assert.InRange(read, 50, Rounds);
    }

    [Fact]
    public void Streams_Broken_AreReadOrFail_AndWrittenLegally()
    {
        var random = new Random(2);
        var whole = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var bytes = Mutation.Of(Stream, random);
            var events = GeminiTestKit.ReadStream(bytes);
            NativeRelayRun.Of(WireProtocol.Gemini, bytes, [bytes.Length], checkUsage: false);
            if (events[^1] is StreamEvent.Ended)
            {
                whole++;
                Assert.Equal("", GeminiTestKit.Grammar(GeminiTestKit.WriteStream(events)) ?? "");
            }
            else
            {
                Assert.IsType<StreamEvent.Failed>(events[^1]);
            }
        }

        Assert.InRange(whole, 50, Rounds);
    }

    [Fact]
    public void AnswersErrorsAndSchemas_Broken_AreValues()
    {
        var random = new Random(3);
        var answer = Encoding.UTF8.GetBytes("[" + string.Join(",", Encoding.UTF8.GetString(Stream).Split("data: ", StringSplitOptions.RemoveEmptyEntries)) + "]");
        var error = """{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3s","violations":[{"quotaId":"PerDay"}],"fieldViolations":[{"field":"x"}]}]}}"""u8.ToArray();
        var schema = """{"type":["object","null"],"properties":{"a":{"$ref":"#/$defs/a"},"b":{"enum":[1,"x",null]},"c":{"oneOf":[{"const":1},{"allOf":[{"minimum":1},{"maximum":2}]}]}},"required":["a"],"$defs":{"a":{"items":[{"type":"string"}]}}}"""u8.ToArray();
        var read = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var parsed = GeminiFormat.Instance.ReadResponse(Mutation.Of(answer, random), ChatDialect.Generic);
            Assert.True(parsed.Value is null != parsed.Error is null);
            if (parsed.Value is { } response)
            {
                read++;
                var output = new ArrayBufferWriter<byte>();
                GeminiFormat.Instance.WriteResponse(response, GeminiTestKit.Client, new DegradationLog(), output);
                Assert.True(Mutation.IsJson(output.WrittenMemory));
            }

            Assert.NotEmpty(GeminiFormat.Instance.ReadError(429, Mutation.Of(error, random)).Message);
            Assert.True(Mutation.IsJson(SchemaDownConverter.ToOpenApi(new RawJson(Mutation.Of(schema, random))).Schema.Utf8));
        }

        Assert.InRange(read, 50, Rounds);
    }
}
