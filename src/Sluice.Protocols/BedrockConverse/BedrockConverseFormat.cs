using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Amazon Bedrock's Converse. No client speaks it. Streams are framed by <see cref="EventStream.EventStreamReader"/>.</summary>
public sealed class BedrockConverseFormat : IUpstreamFormat, ITokenCountFormat
{
    /// <summary>The one instance: it has no state.</summary>
    public static readonly BedrockConverseFormat Instance = new();

    // ConverseTokensRequest; a member too many is refused.
    private static readonly HashSet<string> CountMembers = ["messages", "system", "toolConfig", "additionalModelRequestFields"];

    private BedrockConverseFormat()
    {
    }

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.BedrockConverse;

    /// <inheritdoc/>
    public string Name => "converse";

    /// <inheritdoc/>
    public bool LimitsCachedInput => false;

    /// <inheritdoc/>
    public bool SendsBinaryEvents => true;

    /// <inheritdoc/>
    public ServiceTierMember? ServiceTier { get; } = new("serviceTier", "default");

    /// <inheritdoc/>
    public GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        new ConverseRequestWriter(BillingLine.Remove(request, target, degradations), target, degradations).Write(output);

    /// <inheritdoc/>
    public GatewayError? WriteCountRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        var inner = new ArrayBufferWriter<byte>();
        if (TokenCountJson.WriteRequest(this, request, target, degradations, CountMembers, inner) is { } refusal)
        {
            return refusal;
        }

        using var json = new Utf8JsonWriter(output, ConverseWords.Relaxed);
        json.WriteStartObject();
        json.WriteStartObject("input"u8);
        json.WritePropertyName("converse"u8);
        json.WriteRawValue(inner.WrittenSpan, skipInputValidation: true);
        json.WriteEndObject();
        json.WriteEndObject();
        return null;
    }

    /// <inheritdoc/>
    public long? ReadTokenCount(ReadOnlySpan<byte> body) => TokenCountJson.Read(body, "inputTokens"u8);

    /// <inheritdoc/>
    public Parsed<ConversationResponse> ReadResponse(ReadOnlyMemory<byte> body, ChatDialect dialect) => ConverseResponseReader.Read(body);

    /// <inheritdoc/>
    public TokenUsage ReadUsage(ReadOnlySpan<byte> usageObject, TokenUsage previous, ChatDialect dialect) => ConverseUsage.Read(usageObject, previous);

    /// <inheritdoc/>
    public IStreamReader CreateStreamReader(ChatDialect dialect) => new ConverseStreamReader();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body) => ConverseErrors.Read(status, body);

    /// <inheritdoc/>
    public NativeResponseFacts Inspect(ReadOnlySpan<byte> answer, UsageReader readUsage) => ConverseResponseFacts.Of(answer, readUsage);
}
