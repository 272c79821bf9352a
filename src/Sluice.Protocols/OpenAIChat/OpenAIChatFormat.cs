using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>OpenAI Chat Completions, with the dialects of the servers that are compatible with it.</summary>
public sealed class OpenAIChatFormat : IWireFormat
{
    private static readonly byte[] KeepAliveComment = ": keep-alive\n\n"u8.ToArray();

    // Of several paths for one operation the first is the one to tell: the second ones are OpenRouter's and EvoLink's.
    private static readonly ClientPaths Paths = new(
        ("/v1/chat/completions", SurfaceOperation.Generate), ("/v1/embeddings", SurfaceOperation.Embed),
        ("/v1/images/generations", SurfaceOperation.MakeImage), ("/v1/images", SurfaceOperation.MakeImage), ("/v1/images/edits", SurfaceOperation.EditImage),
        ("/v1/audio/speech", SurfaceOperation.Speak), ("/v1/audio/transcriptions", SurfaceOperation.Transcribe), ("/v1/audio/translations", SurfaceOperation.TranslateSpeech),
        ("/v1/videos", SurfaceOperation.MakeVideo), ("/v1/videos/generations", SurfaceOperation.MakeVideo));

    private OpenAIChatFormat()
    {
    }

    /// <summary>The one instance.</summary>
    public static OpenAIChatFormat Instance { get; } = new();

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.OpenAIChat;

    /// <inheritdoc/>
    public string Name => "chat";

    /// <inheritdoc/>
    public ClientCall? CallAt(string path, string query) => Paths.CallAt(path);

    /// <inheritdoc/>
    public string? PathOf(SurfaceOperation operation, string model, bool stream) => Paths.PathOf(operation);

    /// <inheritdoc/>
    public bool ForgetsThinking => true;

    /// <inheritdoc/>
    public bool AsksForUsage => true;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => KeepAliveComment;

    /// <inheritdoc/>
    public ServiceTierMember? ServiceTier { get; } = new("service_tier", "default");

    // OpenRouter's: {include:true}, and another word for a service tier.
    /// <inheritdoc/>
    public IReadOnlyList<string> GatewayMembers { get; } = [.. Native.GatewayMembers.Shared, "usage", "speed"];

    /// <inheritdoc/>
    public TurnFacts TurnOf(JsonElement element) => OpenAIChatTurnReader.Of(element);

    /// <inheritdoc/>
    public AnswerMembers AnswerMembers { get; } = new("id", "created", "usage");

    /// <inheritdoc/>
    public ParameterTable Parameters { get; } = new(
        ("temperature", RequestParameters.Temperature), ("top_p", RequestParameters.TopP), ("top_k", RequestParameters.TopK),
        ("min_p", RequestParameters.MinP), ("top_a", RequestParameters.TopA), ("frequency_penalty", RequestParameters.FrequencyPenalty),
        ("presence_penalty", RequestParameters.PresencePenalty), ("repetition_penalty", RequestParameters.RepetitionPenalty),
        ("seed", RequestParameters.Seed), ("logit_bias", RequestParameters.LogitBias), ("logprobs", RequestParameters.Logprobs),
        ("top_logprobs", RequestParameters.TopLogprobs), ("stop", RequestParameters.Stop), ("max_tokens", RequestParameters.MaxTokens),
        ("max_completion_tokens", RequestParameters.MaxTokens), ("response_format", RequestParameters.ResponseFormat),
        ("tools", RequestParameters.Tools), ("functions", RequestParameters.Tools), ("tool_choice", RequestParameters.ToolChoice),
        ("function_call", RequestParameters.ToolChoice), ("parallel_tool_calls", RequestParameters.ParallelToolCalls),
        ("reasoning", RequestParameters.Reasoning), ("reasoning_effort", RequestParameters.Reasoning),
        ("include_reasoning", RequestParameters.Reasoning), ("thinking", RequestParameters.Reasoning), ("verbosity", RequestParameters.Verbosity),
        ("web_search_options", RequestParameters.WebSearch), ("prediction", RequestParameters.Prediction));

    /// <inheritdoc/>
    public MemberMeaning MeaningOf(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("model"u8) => MemberMeaning.Model,
        _ when name.SequenceEqual("stream"u8) => MemberMeaning.Stream,
        _ when name.SequenceEqual("messages"u8) => MemberMeaning.Messages,
        _ when name.SequenceEqual("input"u8) => MemberMeaning.Input,
        _ when name.SequenceEqual("tools"u8) => MemberMeaning.Tools,
        _ when name.SequenceEqual("functions"u8) => MemberMeaning.Tools,
        _ when name.SequenceEqual("system"u8) => MemberMeaning.System,
        _ when name.SequenceEqual("n"u8) => MemberMeaning.Choices,
        _ when name.SequenceEqual("max_tokens"u8) => MemberMeaning.OutputLimit,
        _ when name.SequenceEqual("max_completion_tokens"u8) => MemberMeaning.PreferredOutputLimit,
        _ when name.SequenceEqual("thinking"u8) => MemberMeaning.Thinking,
        _ when name.SequenceEqual("reasoning_effort"u8) => MemberMeaning.ReasoningEffort,
        _ when name.SequenceEqual("reasoning"u8) => MemberMeaning.Reasoning,
        _ when name.SequenceEqual("cache_control"u8) => MemberMeaning.CacheControl,
        _ when name.SequenceEqual("prompt_cache_key"u8) => MemberMeaning.CacheKey,
        _ when name.SequenceEqual("stream_options"u8) => MemberMeaning.StreamOptions,
        _ when name.SequenceEqual("response_format"u8) => MemberMeaning.OutputShape,
        _ when name.SequenceEqual("service_tier"u8) => MemberMeaning.ServiceTier,
        _ => MemberMeaning.None,
    };

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> LimitOutput(ReadOnlySpan<byte> body, long tokens, string upstreamModel, ChatDialect dialect) =>
        NumberEdit.Set(body, [OpenAIChatRequestWriter.OutputLimitFor(upstreamModel, dialect)], tokens);

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body) => OpenAIChatRequestReader.Read(body);

    /// <inheritdoc/>
    public GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        OpenAIChatRequestWriter.Write(BillingLine.Remove(request, target, degradations), target, degradations, output);

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

    /// <inheritdoc/>
    public NativeResponseFacts Inspect(ReadOnlySpan<byte> answer, UsageReader readUsage) => ChatResponseFacts.Of(answer, readUsage);

    /// <inheritdoc/>
    public IStreamRelay CreateNativeRelay(NativeStreamOptions options) => new ChatNativeRelay(options);

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> RestoreThinking(ReadOnlySpan<byte> body, ConversationRequest read, ConversationRequest restored) => ReasoningEdits.Of(body, read, restored);
}
