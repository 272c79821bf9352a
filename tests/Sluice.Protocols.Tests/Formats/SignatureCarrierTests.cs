using Sluice.Protocols.Formats;
using Xunit;

namespace Sluice.Protocols.Tests.Formats;

public sealed class SignatureCarrierTests
{
    [Theory]
    [InlineData(WireProtocol.AnthropicMessages, WireProtocol.OpenAIResponses)]
    [InlineData(WireProtocol.Gemini, WireProtocol.AnthropicMessages)]
    [InlineData(WireProtocol.OpenAIResponses, WireProtocol.Gemini)]
    [InlineData(WireProtocol.BedrockConverse, WireProtocol.OpenAIChat)]
    public void Carrier_SignatureOfAnotherVendor_ComesBackWhole(WireProtocol signedBy, WireProtocol client)
    {
        // Signatures are base64 by habit, but nobody promises it.
        const string Signature = "EqQBCgIYAh+/=ü\"{}.";

        var carried = SignatureCarrier.Wrap(Signature, signedBy, client);

        Assert.NotEqual(Signature, carried);
        Assert.Equal((Signature, signedBy), SignatureCarrier.Unwrap(carried, client));
    }

    [Fact]
    public void Carrier_OwnSignature_IsLeftAlone()
    {
        Assert.Equal("abc", SignatureCarrier.Wrap("abc", WireProtocol.Gemini, WireProtocol.Gemini));
        Assert.Equal(("abc", WireProtocol.Gemini), SignatureCarrier.Unwrap("abc", WireProtocol.Gemini));
    }

    [Fact]
    public void Carrier_ForGeminiClients_IsBase64()
    {
        var carried = SignatureCarrier.Wrap("sig", WireProtocol.AnthropicMessages, WireProtocol.Gemini);

        Assert.NotEmpty(Convert.FromBase64String(carried));
    }

    // What looks like a carrier but is none belongs to the client's own vendor, who will judge it.
    [Theory]
    [InlineData("sluice1.")]
    [InlineData("sluice1.nobody.YWJj")]
    [InlineData("sluice1.gemini.***")]
    public void Carrier_BrokenPrefix_IsTheClientsOwn(string carried) =>
        Assert.Equal((carried, WireProtocol.AnthropicMessages), SignatureCarrier.Unwrap(carried, WireProtocol.AnthropicMessages));
}
