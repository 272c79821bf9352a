using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.Anthropic;

/// <summary>Anthropic Messages.</summary>
public sealed class AnthropicFormat : IWireFormat
{
    /// <summary>The one instance: it has no state.</summary>
    public static readonly AnthropicFormat Instance = new();

    private static readonly byte[] Ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n"u8.ToArray();

    private AnthropicFormat()
    {
    }

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.AnthropicMessages;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => Ping;

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body) => AnthropicRequestReader.Read(body);

    /// <inheritdoc/>
    public GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        new AnthropicRequestWriter(request, target, degradations).Write(output);

    /// <inheritdoc/>
    public Parsed<ConversationResponse> ReadResponse(ReadOnlyMemory<byte> body, ChatDialect dialect) => AnthropicResponseReader.Read(body);

    /// <inheritdoc/>
    public void WriteResponse(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        AnthropicResponseWriter.Write(response, target, degradations, output);

    /// <inheritdoc/>
    public TokenUsage ReadUsage(ReadOnlySpan<byte> usageObject, TokenUsage previous, ChatDialect dialect) => AnthropicUsage.Read(usageObject, previous);

    /// <inheritdoc/>
    public IStreamReader CreateStreamReader(ChatDialect dialect) => new AnthropicStreamReader();

    /// <inheritdoc/>
    public IStreamWriter CreateStreamWriter(ClientTarget target, DegradationLog degradations) => new AnthropicStreamWriter(target, degradations);

    /// <inheritdoc/>
    public IStreamGrammar CreateGrammar() => new AnthropicGrammar();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body) => AnthropicErrors.Read(status, body);

    /// <inheritdoc/>
    public void WriteError(GatewayError error, IBufferWriter<byte> output) => AnthropicErrors.Write(error, output);

    /// <inheritdoc/>
    public void WriteStreamError(GatewayError error, IBufferWriter<byte> output) => AnthropicErrors.WriteEvent(error, output);
}
