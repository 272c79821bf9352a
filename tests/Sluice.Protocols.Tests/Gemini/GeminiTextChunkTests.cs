using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Gemini;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Plain text chunks are read without a tree: what comes out must be what the tree's reader says, and only plain ones may take that way.</summary>
public sealed class GeminiTextChunkTests
{
    private const string Hello = """{"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"index":0}],"responseId":"r1","modelVersion":"gemini-3-pro"}""";

    [Fact]
    public void TextChunk_WithCounts_IsItsTextAndItsCounts()
    {
        var events = GeminiTestKit.ReadChunks(Hello, """{"candidates":[{"content":{"parts":[{"text":" w\u00f6rld\n"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10}}""");
        Assert.Equal(" wörld\n", Assert.IsType<StreamEvent.TextDelta>(events[3]).Text);
        var usage = Assert.IsType<StreamEvent.UsageReported>(events[4]).Usage;
        Assert.Equal((7, 3, null), (usage.Input, usage.Output, usage.CacheRead));
    }

    [Theory]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}""", true)]
    [InlineData("""{"candidates":[{"content":{"role":"model","parts":[{"thought":true,"text":"a"}]},"index":0,"safetyRatings":[{"blocked":false}]}],"createTime":"x"}""", true)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"half \ud83d"}]}}],"usageMetadata":{"trafficType":"ON_DEMAND"}}""", true)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":""}]}}],"usageMetadata":null}""", true)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":1}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]},"index":1}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"candidates":[{"content":{"parts":[{"text":"b"}]}}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b"}]}}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a","thoughtSignature":"c2ln"}]}}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":null,"thoughtSignature":"c2ln"}]}}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]}}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]},"groundingMetadata":{"webSearchQueries":["q"]}}]}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[]}}]}""", false)]
    [InlineData("""{"candidates":[]}""", false)]
    [InlineData("""{"usageMetadata":{"promptTokenCount":7}}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"promptFeedback":{"blockReason":"SAFETY"}}""", false)]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}""", false)]
    [InlineData("""{"response":{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}}""", false)]
    public void Chunk_ReadEitherWay_MeansTheSame(string chunk, bool isPlain)
    {
        var read = new GeminiTextChunk { Usage = TokenUsage.Unknown };
        Assert.Equal(isPlain, read.TryRead(Encoding.UTF8.GetBytes(chunk)));

        // A chunk inside a list, as some proxies send it, always goes by the tree.
        Assert.Equal(GeminiTestKit.ReadChunks(Hello, "[" + chunk + "]"), GeminiTestKit.ReadChunks(Hello, chunk));
    }

    [Theory]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}]""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}]} x""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}}]}""")]
    public void BrokenChunk_IsTheProvidersFault(string chunk) => Assert.IsType<StreamEvent.Failed>(GeminiTestKit.ReadChunks(Hello, chunk)[^1]);
}
