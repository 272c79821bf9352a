using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.OpenAICompletions;

/// <summary>
/// OpenAI's legacy completions as clients speak them: one prompt in, its continuation out. No upstream is asked in it, so every answer is translated:
/// the prompt is one user turn, the continuation the model's text.
/// </summary>
public sealed class OpenAICompletionsFormat : IClientFormat
{
    private static readonly byte[] KeepAliveComment = ": keep-alive\n\n"u8.ToArray();

    private static readonly ClientPaths Paths = new(("/v1/completions", SurfaceOperation.Generate));

    private OpenAICompletionsFormat()
    {
    }

    /// <summary>The one instance.</summary>
    public static OpenAICompletionsFormat Instance { get; } = new();

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.OpenAICompletions;

    /// <inheritdoc/>
    public string Name => "completions";

    /// <inheritdoc/>
    public ClientCall? CallAt(string path, string query) => Paths.CallAt(path);

    /// <inheritdoc/>
    public string? PathOf(SurfaceOperation operation, string model, bool stream) => Paths.PathOf(operation);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => KeepAliveComment;

    /// <inheritdoc/>
    public IReadOnlyList<string> GatewayMembers => OpenAIChatFormat.Instance.GatewayMembers;

    /// <inheritdoc/>
    public AnswerMembers AnswerMembers { get; } = new("id", "created", "usage");

    // The prompt counts as instructions do: a text of any shape. Turns would have to be an array.
    /// <inheritdoc/>
    public ParameterTable Parameters => OpenAIChatFormat.Instance.Parameters;

    /// <inheritdoc/>
    public MemberMeaning MeaningOf(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("prompt"u8) ? MemberMeaning.System
        : name.SequenceEqual("messages"u8) ? MemberMeaning.None
        : OpenAIChatFormat.Instance.MeaningOf(name);

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body) => OpenAICompletionsRequestReader.Read(body);

    /// <inheritdoc/>
    public void WriteResponse(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        OpenAICompletionsResponseWriter.Write(response, target, degradations, output);

    /// <inheritdoc/>
    public IStreamWriter CreateStreamWriter(ClientTarget target, DegradationLog degradations) => new OpenAICompletionsStreamWriter(target, degradations);

    /// <inheritdoc/>
    public IStreamGrammar CreateGrammar() => new OpenAICompletionsGrammar();

    /// <inheritdoc/>
    public void WriteError(GatewayError error, IBufferWriter<byte> output) => OpenAIChatErrors.Write(error, output);

    /// <inheritdoc/>
    public void WriteStreamError(GatewayError error, IBufferWriter<byte> output) => OpenAIChatErrors.WriteToStream(error, output);
}
