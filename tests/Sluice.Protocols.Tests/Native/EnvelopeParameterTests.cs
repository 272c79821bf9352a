using System.Text;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class EnvelopeParameterTests
{
    private const RequestParameters Nothing = RequestParameters.None;

    [Theory]
    [InlineData(WireProtocol.OpenAIChat, """{"model":"m","messages":[]}""", Nothing)]
    [InlineData(WireProtocol.OpenAIChat, """{"temperature":0,"top_k":null,"stop":[ ],"seed":7}""", RequestParameters.Temperature | RequestParameters.Seed)]
    [InlineData(WireProtocol.OpenAIChat, """{"logprobs":false,"tool_choice":"auto","reasoning_effort":"none"}""", Nothing)]
    [InlineData(WireProtocol.OpenAIChat, """{"logprobs":true,"tool_choice":"required","reasoning":{"effort":"low"}}""", RequestParameters.Logprobs | RequestParameters.ToolChoice | RequestParameters.Reasoning)]
    [InlineData(WireProtocol.OpenAIChat, """{"response_format":{"type":"text"},"max_completion_tokens":5}""", RequestParameters.MaxTokens)]
    [InlineData(WireProtocol.OpenAIChat, """{"response_format":{"type":"json_object"}}""", RequestParameters.ResponseFormat)]
    [InlineData(WireProtocol.OpenAIChat, """{"response_format":{"type":"json_schema","json_schema":{}},"verbosity":"low"}""", RequestParameters.StructuredOutputs | RequestParameters.Verbosity)]
    [InlineData(WireProtocol.OpenAIChat, """{"to\u0070_p":0.5}""", RequestParameters.TopP)]
    [InlineData(WireProtocol.OpenAICompletions, """{"prompt":"x","min_p":0.1}""", RequestParameters.MinP)]
    [InlineData(WireProtocol.AnthropicMessages, """{"stop_sequences":["x"],"thinking":{"type":"enabled","budget_tokens":1024},"tools":[{"name":"a"}]}""", RequestParameters.Stop | RequestParameters.Reasoning | RequestParameters.Tools)]
    [InlineData(WireProtocol.AnthropicMessages, """{"tools":[],"thinking":{"type":"disabled"},"output_config":{"effort":"high"}}""", Nothing)]
    [InlineData(WireProtocol.OpenAIResponses, """{"text":{"format":{"type":"json_schema"},"verbosity":"low"},"max_output_tokens":9}""", RequestParameters.StructuredOutputs | RequestParameters.Verbosity | RequestParameters.MaxTokens)]
    [InlineData(WireProtocol.OpenAIResponses, """{"seed":1}""", Nothing)]
    [InlineData(WireProtocol.Gemini, """{"generationConfig":{"topK":4,"responseMimeType":"application/json","responseSchema":{},"thinkingConfig":{"thinkingBudget":0}}}""", RequestParameters.TopK | RequestParameters.ResponseFormat | RequestParameters.StructuredOutputs)]
    [InlineData(WireProtocol.Gemini, """{"toolConfig":{"functionCallingConfig":{"mode":"ANY"}},"generation_config":{"stop_sequences":["x"]}}""", RequestParameters.ToolChoice | RequestParameters.Stop)]
    public void Parameters_OfABody_AreThoseThatItSets(WireProtocol protocol, string body, RequestParameters expected) =>
        Assert.Equal(expected, EnvelopeScanner.Scan(protocol, Encoding.UTF8.GetBytes(body)).Envelope!.Parameters);

    [Fact]
    public void Names_EveryParameter_HasItsWord()
    {
        foreach (var parameter in Enum.GetValues<RequestParameters>().Where(parameter => parameter != Nothing))
        {
            Assert.Equal(parameter, RequestParameterNames.Parse(Assert.Single(RequestParameterNames.WordsOf(parameter))));
        }

        Assert.Equal(Nothing, RequestParameterNames.Parse("n"));
    }
}
