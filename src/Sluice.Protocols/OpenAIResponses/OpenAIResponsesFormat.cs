using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>OpenAI Responses, without a memory: every request brings its whole conversation.</summary>
public sealed class OpenAIResponsesFormat : IWireFormat, ITokenCountFormat
{
    // What /v1/responses/input_tokens takes of what the writer writes.
    private static readonly HashSet<string> CountMembers =
        ["model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text", "previous_response_id", "truncation"];

    private static readonly byte[] KeepAliveComment = ": keepalive\n\n"u8.ToArray();

    private static readonly ClientPaths Paths = new(("/v1/responses", SurfaceOperation.Generate), ("/v1/responses/input_tokens", SurfaceOperation.CountTokens));

    private OpenAIResponsesFormat()
    {
    }

    /// <summary>The one instance.</summary>
    public static OpenAIResponsesFormat Instance { get; } = new();

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.OpenAIResponses;

    /// <inheritdoc/>
    public string Name => "responses";

    /// <inheritdoc/>
    public ClientCall? CallAt(string path, string query) => Paths.CallAt(path);

    /// <inheritdoc/>
    public string? PathOf(SurfaceOperation operation, string model, bool stream) => Paths.PathOf(operation);

    /// <inheritdoc/>
    public bool TakesCustomTools => true;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => KeepAliveComment;

    /// <inheritdoc/>
    public bool SearchesByTool => true;

    /// <inheritdoc/>
    public ServiceTierMember? ServiceTier { get; } = new("service_tier", "default");

    /// <inheritdoc/>
    public IReadOnlyList<string> GatewayMembers { get; } = [.. Native.GatewayMembers.Shared, "speed"];

    /// <inheritdoc/>
    public TurnFacts TurnOf(JsonElement element) => OpenAIResponsesTurnReader.Of(element);

    /// <inheritdoc/>
    public AnswerMembers AnswerMembers { get; } = new("id", "created_at", "usage") { Inside = "response" };

    /// <inheritdoc/>
    public ParameterTable Parameters { get; } = new(
        ("temperature", RequestParameters.Temperature), ("top_p", RequestParameters.TopP), ("top_k", RequestParameters.TopK),
        ("top_logprobs", RequestParameters.TopLogprobs), ("max_output_tokens", RequestParameters.MaxTokens), ("tools", RequestParameters.Tools),
        ("tool_choice", RequestParameters.ToolChoice), ("parallel_tool_calls", RequestParameters.ParallelToolCalls),
        ("reasoning", RequestParameters.Reasoning), ("text", RequestParameters.ResponseFormat),
        ("frequency_penalty", RequestParameters.FrequencyPenalty), ("presence_penalty", RequestParameters.PresencePenalty));

    /// <inheritdoc/>
    public MemberMeaning MeaningOf(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("model"u8) => MemberMeaning.Model,
        _ when name.SequenceEqual("stream"u8) => MemberMeaning.Stream,
        _ when name.SequenceEqual("input"u8) => MemberMeaning.Input,
        _ when name.SequenceEqual("instructions"u8) => MemberMeaning.System,
        _ when name.SequenceEqual("tools"u8) => MemberMeaning.Tools,
        _ when name.SequenceEqual("max_output_tokens"u8) => MemberMeaning.OutputLimit,
        _ when name.SequenceEqual("reasoning"u8) => MemberMeaning.Reasoning,
        _ when name.SequenceEqual("text"u8) => MemberMeaning.OutputShape,
        _ when name.SequenceEqual("previous_response_id"u8) || name.SequenceEqual("conversation"u8) => MemberMeaning.Continuation,
        _ when name.SequenceEqual("prompt_cache_key"u8) => MemberMeaning.CacheKey,
        _ when name.SequenceEqual("cache_control"u8) => MemberMeaning.CacheControl,
        _ when name.SequenceEqual("service_tier"u8) => MemberMeaning.ServiceTier,
        _ => MemberMeaning.None,
    };

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> LimitOutput(ReadOnlySpan<byte> body, long tokens, string upstreamModel, ChatDialect dialect) =>
        NumberEdit.Set(body, ["max_output_tokens"], tokens);

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body) => OpenAIResponsesRequestReader.Read(body);

    /// <inheritdoc/>
    public GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        OpenAIResponsesRequestWriter.Write(BillingLine.Remove(request, target, degradations), target, degradations, output);

    /// <inheritdoc/>
    public GatewayError? WriteCountRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        TokenCountJson.WriteRequest(this, request, target, degradations, CountMembers, output);

    /// <inheritdoc/>
    public long? ReadTokenCount(ReadOnlySpan<byte> body) => TokenCountJson.Read(body, "input_tokens"u8);

    /// <inheritdoc/>
    public void WriteTokenCount(long tokens, IBufferWriter<byte> output)
    {
        using var json = new System.Text.Json.Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("object"u8, "response.input_tokens"u8);
        json.WriteNumber("input_tokens"u8, tokens);
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public Parsed<ConversationResponse> ReadResponse(ReadOnlyMemory<byte> body, ChatDialect dialect) => OpenAIResponsesResponseReader.Read(body);

    /// <inheritdoc/>
    public void WriteResponse(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        OpenAIResponsesResponseWriter.Write(response, target, degradations, output);

    /// <inheritdoc/>
    public TokenUsage ReadUsage(ReadOnlySpan<byte> usageObject, TokenUsage previous, ChatDialect dialect) => OpenAIResponsesUsage.Read(usageObject, previous);

    /// <inheritdoc/>
    public IStreamReader CreateStreamReader(ChatDialect dialect) => new OpenAIResponsesStreamReader();

    /// <inheritdoc/>
    public IStreamWriter CreateStreamWriter(ClientTarget target, DegradationLog degradations) => new OpenAIResponsesStreamWriter(target, degradations);

    /// <inheritdoc/>
    public IStreamGrammar CreateGrammar() => new OpenAIResponsesGrammar();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body) => OpenAIResponsesErrors.Read(status, body);

    /// <inheritdoc/>
    public void WriteError(GatewayError error, IBufferWriter<byte> output) => OpenAIResponsesErrors.Write(error, output);

    /// <inheritdoc/>
    public void WriteStreamError(GatewayError error, IBufferWriter<byte> output) => OpenAIResponsesErrors.WriteToStream(error, output);

    /// <inheritdoc/>
    public NativeResponseFacts Inspect(ReadOnlySpan<byte> answer, UsageReader readUsage) => ResponsesFacts.Of(answer, readUsage);

    /// <inheritdoc/>
    public IStreamRelay CreateNativeRelay(NativeStreamOptions options) => new ResponsesNativeRelay(options);

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> CutProofs(ReadOnlySpan<byte> body, string upstreamModel, bool all) => ReasoningCuts.Of(body, all);

    /// <inheritdoc/>
    public bool RefusesProof(UpstreamError error) =>
        error.Code == "invalid_encrypted_content" || error.Message.Contains("encrypted content", StringComparison.OrdinalIgnoreCase);
}
