using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>OpenAI Chat Completions, with the dialects of the servers that are compatible with it.</summary>
public sealed class OpenAIChatFormat : IWireFormat
{
    private static readonly byte[] KeepAliveComment = ": keep-alive\n\n"u8.ToArray();

    private OpenAIChatFormat()
    {
    }

    /// <summary>The one instance.</summary>
    public static OpenAIChatFormat Instance { get; } = new();

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.OpenAIChat;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => KeepAliveComment;

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body) => OpenAIChatRequestReader.Read(body);

    /// <inheritdoc/>
    public GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        OpenAIChatRequestWriter.Write(request, target, degradations, output);

    /// <inheritdoc/>
    public Parsed<ConversationResponse> ReadResponse(ReadOnlyMemory<byte> body, ChatDialect dialect) => OpenAIChatResponseReader.Read(body, dialect);

    /// <inheritdoc/>
    public void WriteResponse(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        OpenAIChatResponseWriter.Write(response, target, degradations, output);

    /// <inheritdoc/>
    public TokenUsage ReadUsage(ReadOnlySpan<byte> usageObject, TokenUsage previous, ChatDialect dialect) => OpenAIChatUsage.Read(usageObject, previous, dialect);

    /// <inheritdoc/>
    public IStreamReader CreateStreamReader(ChatDialect dialect) => new OpenAIChatStreamReader(dialect);

    /// <inheritdoc/>
    public IStreamWriter CreateStreamWriter(ClientTarget target, DegradationLog degradations) => new OpenAIChatStreamWriter(target, degradations);

    /// <inheritdoc/>
    public IStreamGrammar CreateGrammar() => new OpenAIChatGrammar();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body) => OpenAIChatErrors.Read(status, body);

    /// <inheritdoc/>
    public void WriteError(GatewayError error, IBufferWriter<byte> output) => OpenAIChatErrors.Write(error, output);

    /// <inheritdoc/>
    public void WriteStreamError(GatewayError error, IBufferWriter<byte> output) => OpenAIChatErrors.WriteToStream(error, output);
}
