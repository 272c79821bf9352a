using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Shortening;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Gemini generateContent, as the Gemini API and Vertex speak it. Model and stream switch are in the path: <see cref="ReadRequest"/> leaves
/// <see cref="ConversationRequest.Model"/> empty and <see cref="ConversationRequest.Stream"/> false, and the server fills both.
/// </summary>
public sealed class GeminiFormat : IWireFormat, ITokenCountFormat
{
    // What Vertex's countTokens takes at the top.
    private static readonly HashSet<string> CountMembers = ["contents", "systemInstruction", "tools", "generationConfig"];

    private static readonly byte[] BlankLine = "\n"u8.ToArray();

    private GeminiFormat()
    {
    }

    /// <summary>The one instance.</summary>
    public static GeminiFormat Instance { get; } = new();

    /// <inheritdoc/>
    public WireProtocol Protocol => WireProtocol.Gemini;

    /// <summary>As in the reference of FunctionDeclaration.</summary>
    public bool TakesToolName(string name) =>
        name.Length is > 0 and <= ToolNames.ShortestLimit && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => ToolNames.IsCommon(c) || c is '.' or ':');

    /// <inheritdoc/>
    public string Name => "gemini";

    /// <inheritdoc/>
    public ClientCall? CallAt(string path, string query) => GeminiPaths.CallAt(path, query);

    /// <inheritdoc/>
    public string? PathOf(SurfaceOperation operation, string model, bool stream) => GeminiPaths.PathOf(operation, model, stream);

    // Google's own SDK asks at /v1 too; what it never leaves out is a header of Google's.
    /// <inheritdoc/>
    public bool Recognises(string path, Func<string, bool> hasHeader) =>
        path.StartsWith("/v1beta", StringComparison.Ordinal) || hasHeader("x-goog-api-client") || hasHeader("x-goog-api-key");

    /// <inheritdoc/>
    public bool SignaturesAreBase64 => true;

    /// <inheritdoc/>
    public bool ForgetsThinking => true;

    // Google's clients take blank lines and fail on comments.
    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => BlankLine;

    /// <inheritdoc/>
    public bool SearchesByTool => true;

    /// <inheritdoc/>
    public ServiceTierMember? ServiceTier { get; } = new("serviceTier", "standard");

    /// <inheritdoc/>
    public IReadOnlyList<string> GatewayMembers { get; } = Native.GatewayMembers.Shared;

    /// <inheritdoc/>
    public TurnFacts TurnOf(JsonElement element) => GeminiTurnReader.Of(element);

    /// <inheritdoc/>
    public AnswerMembers AnswerMembers { get; } = new("responseId", Created: null, "usageMetadata");

    // Those of generationConfig stand one level deeper; no name means two things on the two levels.
    /// <inheritdoc/>
    public ParameterTable Parameters { get; } = new(
        ("tools", RequestParameters.Tools), ("toolConfig", RequestParameters.ToolChoice), ("tool_config", RequestParameters.ToolChoice),
        ("temperature", RequestParameters.Temperature), ("topP", RequestParameters.TopP), ("top_p", RequestParameters.TopP),
        ("topK", RequestParameters.TopK), ("top_k", RequestParameters.TopK), ("maxOutputTokens", RequestParameters.MaxTokens),
        ("max_output_tokens", RequestParameters.MaxTokens), ("stopSequences", RequestParameters.Stop), ("stop_sequences", RequestParameters.Stop),
        ("presencePenalty", RequestParameters.PresencePenalty), ("presence_penalty", RequestParameters.PresencePenalty),
        ("frequencyPenalty", RequestParameters.FrequencyPenalty), ("frequency_penalty", RequestParameters.FrequencyPenalty),
        ("seed", RequestParameters.Seed), ("responseLogprobs", RequestParameters.Logprobs), ("response_logprobs", RequestParameters.Logprobs),
        ("logprobs", RequestParameters.TopLogprobs), ("responseMimeType", RequestParameters.ResponseFormat),
        ("response_mime_type", RequestParameters.ResponseFormat), ("responseSchema", RequestParameters.StructuredOutputs),
        ("response_schema", RequestParameters.StructuredOutputs), ("responseJsonSchema", RequestParameters.StructuredOutputs),
        ("response_json_schema", RequestParameters.StructuredOutputs), ("thinkingConfig", RequestParameters.Reasoning),
        ("thinking_config", RequestParameters.Reasoning));

    /// <inheritdoc/>
    public MemberMeaning MeaningOf(ReadOnlySpan<byte> name) => name switch
    {
        // Google takes a single turn without its list, and its own examples write it so.
        _ when name.SequenceEqual("contents"u8) => MemberMeaning.MessagesOrOne,
        _ when name.SequenceEqual("systemInstruction"u8) || name.SequenceEqual("system_instruction"u8) => MemberMeaning.System,
        _ when name.SequenceEqual("tools"u8) => MemberMeaning.Tools,

        // Of embedContent, which names its model in the body too.
        _ when name.SequenceEqual("model"u8) => MemberMeaning.Model,
        _ when name.SequenceEqual("content"u8) || name.SequenceEqual("requests"u8) => MemberMeaning.System,

        // Of countTokens: a whole request, whose texts are estimated together.
        _ when name.SequenceEqual("generateContentRequest"u8) || name.SequenceEqual("generate_content_request"u8) => MemberMeaning.System,
        _ when name.SequenceEqual("serviceTier"u8) || name.SequenceEqual("service_tier"u8) => MemberMeaning.ServiceTier,
        _ when name.SequenceEqual("generationConfig"u8) || name.SequenceEqual("generation_config"u8) => MemberMeaning.GenerationConfig,
        _ => MemberMeaning.None,
    };

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> LimitOutput(ReadOnlySpan<byte> body, long tokens, string upstreamModel, ChatDialect dialect) =>
        NumberEdit.Set(body, [body.IndexOf("\"generation_config\""u8) < 0 ? "generationConfig" : "generation_config", "maxOutputTokens"], tokens);

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body) => GeminiRequestReader.Read(body);

    /// <inheritdoc/>
    public GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        new GeminiRequestWriter(BillingLine.Remove(request, target, degradations), target, degradations).Write(output);

    /// <inheritdoc/>
    public Parsed<ConversationRequest> ReadCountRequest(ReadOnlyMemory<byte> body) => GeminiCountTokens.ReadRequest(body);

    /// <inheritdoc/>
    public GatewayError? WriteCountRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output)
    {
        if (target.CountsAtTop)
        {
            return TokenCountJson.WriteRequest(this, request, target, degradations, CountMembers, output);
        }

        var whole = new ArrayBufferWriter<byte>();
        if (WriteRequest(request, target, degradations, whole) is { } refusal)
        {
            return refusal;
        }

        GeminiCountTokens.WriteRequest(whole.WrittenSpan, target.Model, output);
        return null;
    }

    /// <inheritdoc/>
    public long? ReadTokenCount(ReadOnlySpan<byte> body) => GeminiCountTokens.ReadAnswer(body);

    /// <inheritdoc/>
    public void WriteTokenCount(long tokens, IBufferWriter<byte> output) => GeminiCountTokens.WriteAnswer(tokens, output);

    /// <inheritdoc/>
    public Parsed<ConversationResponse> ReadResponse(ReadOnlyMemory<byte> body, ChatDialect dialect) => GeminiResponseReader.Read(body);

    /// <inheritdoc/>
    public void WriteResponse(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output) =>
        GeminiResponseWriter.Write(response, target, degradations, output);

    /// <inheritdoc/>
    public TokenUsage ReadUsage(ReadOnlySpan<byte> usageObject, TokenUsage previous, ChatDialect dialect) => GeminiUsage.Read(usageObject, previous);

    /// <inheritdoc/>
    public IStreamReader CreateStreamReader(ChatDialect dialect) => new GeminiStreamReader();

    /// <inheritdoc/>
    public IStreamWriter CreateStreamWriter(ClientTarget target, DegradationLog degradations) => new GeminiStreamWriter(target, degradations);

    /// <inheritdoc/>
    public IStreamGrammar CreateGrammar() => new GeminiGrammar();

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body) => GeminiErrors.Read(status, body);

    /// <inheritdoc/>
    public void WriteError(GatewayError error, IBufferWriter<byte> output) => GeminiErrors.Write(error, output);

    /// <inheritdoc/>
    public void WriteStreamError(GatewayError error, IBufferWriter<byte> output) => GeminiErrors.WriteToStream(error, output);

    /// <inheritdoc/>
    public NativeResponseFacts Inspect(ReadOnlySpan<byte> answer, UsageReader readUsage) => GeminiResponseFacts.Of(answer, readUsage);

    /// <inheritdoc/>
    public IStreamRelay CreateNativeRelay(NativeStreamOptions options) => new GeminiNativeRelay(options);

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> CutProofs(ReadOnlySpan<byte> body, string upstreamModel, bool all) => GeminiSignatureCuts.Of(body, upstreamModel, all);

    /// <inheritdoc/>
    public IReadOnlyList<BodyEdit> NameInBatch(ReadOnlySpan<byte> body, string asked, string upstreamModel) => GeminiBatchModels.Of(body, asked, upstreamModel);

    /// <inheritdoc/>
    public bool RefusesProof(UpstreamError error) =>
        error.Message.Contains("thought signature", StringComparison.OrdinalIgnoreCase) || error.Message.Contains("thought_signature", StringComparison.OrdinalIgnoreCase);
}
