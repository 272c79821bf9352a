using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Gemini;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Hand-written <c>usageMetadata</c>, with the disjoint counts that they mean.</summary>
public sealed class GeminiUsageTests
{
    private static readonly TokenUsage Before = new() { Input = 1, Output = 2 };

    [Fact]
    public void Counts_CamelAndSnakeCaseAndText_AreTheSame()
    {
        var expected = new TokenUsage { Input = 4, CacheRead = 8, Output = 8, Reasoning = 5, ServiceTier = "flex" };
        Assert.Equal(expected, Read("""{"promptTokenCount":12,"cachedContentTokenCount":8,"candidatesTokenCount":3,"thoughtsTokenCount":5,"totalTokenCount":20,"trafficType":"ON_DEMAND_FLEX"}"""));
        Assert.Equal(expected, Read("""{"prompt_token_count":12.0,"cached_content_token_count":"8","response_token_count":3,"thoughts_token_count":5,"traffic_type":"X","service_tier":"FLEX"}"""));
    }

    [Fact]
    public void Sound_IsCountedForItself()
    {
        var usage = Read("""
            {"promptTokenCount":30,"candidatesTokenCount":9,"promptTokensDetails":[{"modality":"TEXT","tokenCount":10},{"tokenCount":20,"modality":"AUDIO"}],
             "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":5}],"candidatesTokensDetails":[7,{"modality":"AUDIO","tokenCount":4},{"modality":"AUDIO","tokenCount":100}]}
            """);
        Assert.Equal((15, 15, 5, 4), (usage.Input, usage.AudioInput, usage.Output, usage.AudioOutput));
    }

    [Fact]
    public void Output_IsWhatTheTotalLeaves_WhereItIsNotSaid() =>
        Assert.Equal((12, 6), (Read("""{"promptTokenCount":10,"toolUsePromptTokenCount":2,"totalTokenCount":18}""").Input, Read("""{"promptTokenCount":10,"toolUsePromptTokenCount":2,"totalTokenCount":18}""").Output));

    [Theory]
    [InlineData("""{"promptTokenCount":-1,"candidatesTokenCount":3}""", null, 3)]
    [InlineData("""{"promptTokenCount":5,"candidatesTokenCount":3,"somethingNew":1e30}""", 5, 3)]
    [InlineData("""{"promptTokenCount":5,"cachedContentTokenCount":9,"candidatesTokenCount":3}""", 0, 3)]
    [InlineData("""{"promptTokenCount":5,"candidatesTokenCount":3,"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":8}]}""", 5, 0)]
    [InlineData("""{"totalTokenCount":1.5}""", 1, 2)]
    public void Count_ThatCannotBe_IsClampedAndSaid(string usage, int? input, int? output)
    {
        var read = Read(usage);
        Assert.Equal((input, output, true), ((int?)read.Input, (int?)read.Output, read.IsAnomalous));
    }

    [Theory]
    [InlineData("""{"trafficType":"ON_DEMAND"}""")]
    [InlineData("""{"promptTokenCount":null,"candidatesTokenCount":{"a":1},"totalTokenCount":[2]}""")]
    [InlineData("""{"promptTokenCount":5""")]
    [InlineData("""[{"promptTokenCount":5}]""")]
    [InlineData("7")]
    [InlineData("")]
    public void Usage_WithoutCounts_ChangesNothing(string usage) => Assert.Same(Before, Read(usage));

    private static TokenUsage Read(string usage) => GeminiUsage.Read(Encoding.UTF8.GetBytes(usage), Before);
}
