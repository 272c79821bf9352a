using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.Anthropic;

/// <summary>Anthropic Messages.</summary>
public sealed class AnthropicFormat : IWireFormat, ITokenCountFormat
{
    /// <summary>The one instance: it has no state.</summary>
    public static readonly AnthropicFormat Instance = new();

    // What /v1/messages/count_tokens takes; "Extra inputs are not permitted" for all others.
    private static readonly HashSet<string> CountMembers = ["model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control", "output_config"];

    private static readonly byte[] Ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n"u8.ToArray();

    private const string VersionHeader = "anthropic-version";

    private static readonly ClientPaths Paths = new(("/v1/messages", SurfaceOperation.Generate), ("/v1/messages/count_tokens", SurfaceOperation.CountTokens));

    private AnthropicFormat()
    {
    }

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.AnthropicMessages;

    /// <inheritdoc/>
    public bool TakesToolName(string name) => ToolNames.IsPlain(name, 128);

    /// <inheritdoc/>
    public string Name => "anthropic";

    /// <inheritdoc/>
    public ClientCall? CallAt(string path, string query) => Paths.CallAt(path);

    /// <inheritdoc/>
    public string? PathOf(SurfaceOperation operation, string model, bool stream) => Paths.PathOf(operation);

    /// <inheritdoc/>
    public bool Recognises(string path, Func<string, bool> hasHeader) => hasHeader(VersionHeader);

    // The oldest version that every endpoint takes.
    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> RequiredHeaders { get; } = [new(VersionHeader, "2023-06-01")];

    // "overloaded_error" has a status of its own here.
    /// <inheritdoc/>
    public int OverloadedStatus => 529;

    /// <inheritdoc/>
    public bool LimitsCachedInput => false;

    /// <inheritdoc/>
    public bool IsClaudes => true;

    /// <inheritdoc/>
    public FunctionTool? FunctionFor(VendorTool tool) => ClientTools.FunctionFor(tool);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => Ping;

    // "user" means something to OpenAI, but in a Messages body only OpenRouter knows it.
    /// <inheritdoc/>
    public bool SearchesByTool => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> GatewayMembers { get; } = [.. Native.GatewayMembers.Shared, "user"];

    /// <inheritdoc/>
    public TurnFacts TurnOf(JsonElement element) => AnthropicTurnReader.Of(element);

    /// <inheritdoc/>
    public AnswerMembers AnswerMembers { get; } = new("id", Created: null, "usage") { Inside = "message" };

    /// <inheritdoc/>
    public ParameterTable Parameters { get; } = new(
        ("temperature", RequestParameters.Temperature), ("top_p", RequestParameters.TopP), ("top_k", RequestParameters.TopK),
        ("stop_sequences", RequestParameters.Stop), ("max_tokens", RequestParameters.MaxTokens), ("tools", RequestParameters.Tools),
        ("tool_choice", RequestParameters.ToolChoice), ("thinking", RequestParameters.Reasoning), ("reasoning", RequestParameters.Reasoning),
        ("reasoning_effort", RequestParameters.Reasoning), ("output_config", RequestParameters.ResponseFormat),
        ("output_format", RequestParameters.ResponseFormat), ("response_format", RequestParameters.ResponseFormat),
        ("verbosity", RequestParameters.Verbosity));

    /// <inheritdoc/>
    public MemberMeaning MeaningOf(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("model"u8) => MemberMeaning.Model,
        _ when name.SequenceEqual("stream"u8) => MemberMeaning.Stream,
        _ when name.SequenceEqual("messages"u8) => MemberMeaning.Messages,
        _ when name.SequenceEqual("tools"u8) => MemberMeaning.Tools,
        _ when name.SequenceEqual("system"u8) => MemberMeaning.System,
        _ when name.SequenceEqual("max_tokens"u8) => MemberMeaning.OutputLimit,
        _ when name.SequenceEqual("thinking"u8) => MemberMeaning.Thinking,
        _ when name.SequenceEqual("prompt_cache_key"u8) => MemberMeaning.CacheKey,
        _ when name.SequenceEqual("metadata"u8) => MemberMeaning.Metadata,
        _ when name.SequenceEqual("cache_control"u8) => MemberMeaning.CacheControl,
        _ when name.SequenceEqual("service_tier"u8) => MemberMeaning.ServiceTier,
        _ when name.SequenceEqual("speed"u8) => MemberMeaning.Speed,
        _ when name.SequenceEqual("output_config"u8) => MemberMeaning.OutputShape,
        _ when name.SequenceEqual("response_format"u8) => MemberMeaning.OutputShape,
        _ when name.SequenceEqual("reasoning_effort"u8) => MemberMeaning.ReasoningEffort,
        _ when name.SequenceEqual("reasoning"u8) => MemberMeaning.Reasoning,
        _ => MemberMeaning.None,
    };

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body) => AnthropicRequestReader.Read(body);

    /// <inheritdoc/>
    public GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        new AnthropicRequestWriter(request, target, degradations).Write(output);

    /// <inheritdoc/>
    public GatewayError? WriteCountRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        TokenCountJson.WriteRequest(this, request, target, degradations, CountMembers, output);

    /// <inheritdoc/>
    public long? ReadTokenCount(ReadOnlySpan<byte> body) => TokenCountJson.Read(body, "input_tokens"u8);

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

    /// <inheritdoc/>
    public NativeResponseFacts Inspect(ReadOnlySpan<byte> answer, UsageReader readUsage) => AnthropicResponseFacts.Of(answer, readUsage);

    /// <inheritdoc/>
    public IStreamRelay CreateNativeRelay(NativeStreamOptions options) => new AnthropicNativeRelay(options);

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> CutProofs(ReadOnlySpan<byte> body, string upstreamModel, bool all) =>
        ThinkingCuts.Of(body, all ? ThinkingCuts.Which.All : ThinkingCuts.Which.Foreign);

    /// <inheritdoc/>
    public bool RefusesProof(UpstreamError error) => AnthropicErrors.RefusesProof(error);

    // "Invalid 'user_id': string does not match pattern", "metadata.user_id: user_id appears to contain an email address".
    /// <inheritdoc/>
    public bool RefusesEndUser(UpstreamError error) => error.Message.Contains("user_id", StringComparison.Ordinal);

    // "Unexpected value(s) `x-2026-01-01` for the `anthropic-beta` header"; hosts of Claude say "invalid beta flag".
    /// <inheritdoc/>
    public bool RefusesBeta(UpstreamError error) =>
        error.Message.Contains("anthropic-beta", StringComparison.OrdinalIgnoreCase) || error.Message.Contains("beta flag", StringComparison.OrdinalIgnoreCase);
}
