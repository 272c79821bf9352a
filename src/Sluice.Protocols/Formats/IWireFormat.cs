using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Shortening;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Formats;

/// <summary>
/// A wire format as upstreams speak it. Implementations are stateless and shared; the stream objects that they make belong to one answer.
/// Nothing here throws on a peer's bad input: it comes back as a value.
/// </summary>
public interface IUpstreamFormat
{
    /// <summary>Which one.</summary>
    WireProtocol Protocol { get; }

    /// <summary>The format's word, as <see cref="IClientFormat.Name"/>.</summary>
    string Name { get; }

    /// <summary>Takes tools of free text and tools in namespaces as they are; for any other format they are folded into functions (<see cref="ToolFolding"/>).</summary>
    bool TakesCustomTools => false;

    /// <summary>Takes a tool of this name; for one that it refuses, another name is made up (<see cref="ToolFolding"/>).</summary>
    bool TakesToolName(string name) => ToolNames.IsPlain(name, ToolNames.ShortestLimit);

    /// <summary>How a service tier stands at the top of a request's body; null where the format has no member for it, or one whose words mean something else.</summary>
    ServiceTierMember? ServiceTier => null;

    /// <summary>A request declares a search of the web that the provider makes as a tool.</summary>
    bool SearchesByTool => false;

    /// <summary>Its own streams are AWS's binary events. Where another format is asked for on Bedrock, such events hold its own ones in base64.</summary>
    bool SendsBinaryEvents => false;

    /// <summary>Its vendor counts input that a prompt cache held to the limit of input tokens a minute.</summary>
    bool LimitsCachedInput => true;

    /// <summary>Headers that a call must have, for clients that send none.</summary>
    IReadOnlyList<KeyValuePair<string, string>> RequiredHeaders => [];

    /// <summary>Writes the request for an upstream. Returns what cannot be carried and must be refused, or null.</summary>
    GatewayError? WriteRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output);

    /// <summary>Reads an upstream's whole answer with a success status. An error inside it comes back as the error.</summary>
    Parsed<ConversationResponse> ReadResponse(ReadOnlyMemory<byte> body, ChatDialect dialect);

    /// <summary>Reads one usage object of an answer on top of what earlier events said; anything else than an object changes nothing.</summary>
    TokenUsage ReadUsage(ReadOnlySpan<byte> usageObject, TokenUsage previous, ChatDialect dialect);

    /// <summary>Makes a reader for one upstream stream.</summary>
    IStreamReader CreateStreamReader(ChatDialect dialect);

    /// <summary>The upstream refuses a proof (a signature, sealed reasoning) that the conversation brought along: without proofs it would answer.</summary>
    bool RefusesProof(UpstreamError error) => false;

    /// <summary>The upstream refuses a beta that a header of the client asks for: without it, it would answer.</summary>
    bool RefusesBeta(UpstreamError error) => false;

    /// <summary>The upstream refuses the name of the client's end user: with another one it would answer.</summary>
    bool RefusesEndUser(UpstreamError error) => false;

    /// <summary>Reads an upstream's error body; any bytes are accepted (HTML and nothing too).</summary>
    UpstreamError ReadError(int status, ReadOnlySpan<byte> body);

    /// <summary>Looks into a whole answer that is one JSON object, without building anything from it. Called through <see cref="NativeResponses"/>, which turns broken JSON into a value.</summary>
    NativeResponseFacts Inspect(ReadOnlySpan<byte> answer, UsageReader readUsage);
}

/// <summary>A wire format as clients speak it. The same rules as for <see cref="IUpstreamFormat"/>.</summary>
public interface IClientFormat
{
    /// <summary>Which one.</summary>
    WireProtocol Protocol { get; }

    /// <summary>
    /// The format's word: in commands (<c>--client chat</c>), in proofs that travel wrapped (<see cref="SignatureCarrier"/>) and in stored thinking. Clients keep
    /// it in their histories and data folders hold it: it stays as it is once a release has written it.
    /// </summary>
    string Name { get; }

    /// <summary>What a POST at a path asks; null where the path is none of this format's.</summary>
    /// <param name="path">From the first slash, without a gateway's prefix and doubled slashes.</param>
    /// <param name="query">With its question mark; empty without one.</param>
    ClientCall? CallAt(string path, string query);

    /// <summary>The path, with its query, at which clients ask for this; null where the format has none.</summary>
    string? PathOf(SurfaceOperation operation, string model, bool stream);

    /// <summary>A request at a path that is nobody's inference path shows that its client speaks this format.</summary>
    /// <param name="path">As for <see cref="CallAt"/>.</param>
    /// <param name="hasHeader">Whether the request has a header of this name.</param>
    bool Recognises(string path, Func<string, bool> hasHeader) => false;

    /// <summary>The status that tells its clients of an overloaded upstream.</summary>
    int OverloadedStatus => 503;

    /// <summary>Its field for a signature takes base64 alone: another vendor's proof goes into it encoded as a whole.</summary>
    bool SignaturesAreBase64 => false;

    /// <summary>Many of its clients do not bring back what the model thought: it is remembered for them.</summary>
    bool ForgetsThinking => false;

    /// <summary>A stream tells what was used only where the body asks for it (<see cref="MemberMeaning.StreamOptions"/>).</summary>
    bool AsksForUsage => false;

    /// <summary>Its models are Claude unless they are named otherwise, whose tokens are estimated in another way.</summary>
    bool IsClaudes => false;

    /// <summary>The function that stands for one of this format's typed tools which the client runs and only this format's models know without a schema; null for any other tool.</summary>
    FunctionTool? FunctionFor(VendorTool tool) => null;

    /// <summary>What a top-level member of a request body means to routing.</summary>
    /// <param name="name">Unescaped.</param>
    MemberMeaning MeaningOf(ReadOnlySpan<byte> name);

    /// <summary>Which members set which parameter, by the names of this format.</summary>
    ParameterTable Parameters { get; }

    /// <summary>Top-level members that steer a gateway and that no model vendor takes (see <see cref="GatewayMembers"/>).</summary>
    IReadOnlyList<string> GatewayMembers { get; }

    /// <summary>What an element of the turns is; it stays where it is in a format that cannot tell.</summary>
    TurnFacts TurnOf(JsonElement element) => new(TurnSide.Standing);

    /// <summary>Where its answers say which one they are and what was used.</summary>
    AnswerMembers AnswerMembers { get; }

    /// <summary>Reads a client's request body.</summary>
    Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body);

    /// <summary>Writes a whole answer for a client.</summary>
    void WriteResponse(ConversationResponse response, ClientTarget target, DegradationLog degradations, IBufferWriter<byte> output);

    /// <summary>Makes a writer for one client stream.</summary>
    IStreamWriter CreateStreamWriter(ClientTarget target, DegradationLog degradations);

    /// <summary>Makes the automaton that accepts exactly this format's legal streams.</summary>
    IStreamGrammar CreateGrammar();

    /// <summary>Writes an error body (JSON) for a client.</summary>
    void WriteError(GatewayError error, IBufferWriter<byte> output);

    /// <summary>Writes the event or events that end a started client stream with an error.</summary>
    void WriteStreamError(GatewayError error, IBufferWriter<byte> output);

    /// <summary>Reads a client's request for a token count; as any request unless the format wraps it.</summary>
    Parsed<ConversationRequest> ReadCountRequest(ReadOnlyMemory<byte> body) => ReadRequest(body);

    /// <summary>Writes a token count for a client; <c>{"input_tokens":N}</c> unless the format has a shape of its own.</summary>
    void WriteTokenCount(long tokens, IBufferWriter<byte> output) => TokenCountJson.Write("input_tokens"u8, tokens, output);

    /// <summary>Bytes that keep a silent client stream alive and mean nothing.</summary>
    ReadOnlyMemory<byte> KeepAlive { get; }
}

/// <summary>A wire format that clients and upstreams both speak, so that bytes can pass between them as they are.</summary>
public interface IWireFormat : IUpstreamFormat, IClientFormat
{
    /// <inheritdoc cref="IUpstreamFormat.Protocol"/>
    new WireProtocol Protocol { get; }

    /// <inheritdoc/>
    WireProtocol IUpstreamFormat.Protocol => Protocol;

    /// <inheritdoc/>
    WireProtocol IClientFormat.Protocol => Protocol;

    /// <inheritdoc cref="IClientFormat.Name"/>
    new string Name { get; }

    /// <inheritdoc/>
    string IUpstreamFormat.Name => Name;

    /// <inheritdoc/>
    string IClientFormat.Name => Name;

    /// <summary>Makes the relay of one stream whose bytes pass as they are.</summary>
    IStreamRelay CreateNativeRelay(NativeStreamOptions options);

    /// <summary>Takes proofs (signatures, sealed reasoning) out of a body that passes natively; none where there is nothing to take out.</summary>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    /// <param name="upstreamModel">The upstream's name of the model.</param>
    /// <param name="all">The vendor's own proofs too, since it refused one; else only those that it cannot have made.</param>
    IReadOnlyList<BodyEdit> CutProofs(ReadOnlySpan<byte> body, string upstreamModel, bool all) => [];

    /// <summary>Replaces the model in each request of a batch that passes natively; none where a batch names it once.</summary>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    /// <param name="asked">The model as the client names it.</param>
    /// <param name="upstreamModel">The upstream's name of it.</param>
    IReadOnlyList<BodyEdit> NameInBatch(ReadOnlySpan<byte> body, string asked, string upstreamModel) => [];

    /// <summary>Limits the output of a body that passes natively and names no limit.</summary>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    /// <param name="tokens">The most tokens of output.</param>
    /// <param name="upstreamModel">The upstream's name of the model.</param>
    /// <param name="dialect">The quirks of an OpenAI-compatible server.</param>
    IReadOnlyList<BodyEdit> LimitOutput(ReadOnlySpan<byte> body, long tokens, string upstreamModel, ChatDialect dialect) => NumberEdit.Set(body, ["max_tokens"], tokens);

    /// <summary>Puts thinking that the client forgot back into a body that passes natively; none where nothing is missing, or the format has no member for it.</summary>
    /// <param name="body">The client's whole body.</param>
    /// <param name="read">The same, as <see cref="IClientFormat.ReadRequest"/> reads it.</param>
    /// <param name="restored">With the thinking in its places.</param>
    IReadOnlyList<BodyEdit> RestoreThinking(ReadOnlySpan<byte> body, ConversationRequest read, ConversationRequest restored) => [];
}

/// <summary>A value, or what was wrong with the bytes.</summary>
/// <param name="Value">Null when <paramref name="Error"/> is set.</param>
/// <param name="Error">For requests <see cref="ErrorKind.InvalidRequest"/> with the path of the member in <see cref="UpstreamError.Param"/>; for answers what the upstream said, or <see cref="ErrorKind.BadResponse"/>.</param>
public readonly record struct Parsed<T>(T? Value, UpstreamError? Error)
    where T : class
{
    /// <summary>Wraps a value.</summary>
    public static implicit operator Parsed<T>(T value) => new(value, null);

    /// <summary>Wraps an error.</summary>
    public static implicit operator Parsed<T>(UpstreamError error) => new(null, error);
}

/// <summary>Reads one upstream stream, event by event.</summary>
public interface IStreamReader
{
    /// <summary>Appends to <paramref name="events"/> what <paramref name="frame"/> means; nothing for comments and pings.</summary>
    void Read(in SseFrame frame, List<StreamEvent> events);

    /// <summary>The upstream closed the stream cleanly: appends what that means (<see cref="StreamEvent.Ended"/> where the dialect sends no terminal marker and the answer was complete; else <see cref="StreamEvent.Failed"/> unless already ended).</summary>
    void Complete(List<StreamEvent> events);
}

/// <summary>Writes one client stream, event by event; a state machine over its format's grammar.</summary>
public interface IStreamWriter
{
    /// <summary>Appends the client's bytes for <paramref name="streamEvent"/>, in whole SSE events; may append nothing (held back) or several events.</summary>
    void Write(StreamEvent streamEvent, IBufferWriter<byte> output);
}

/// <summary>Accepts a format's legal streams: the grammar of one outgoing stream, written once.</summary>
public interface IStreamGrammar
{
    /// <summary>Takes the next event; returns null when it is legal here, else a sentence that says why not. After a violation the automaton stays violated.</summary>
    string? Accept(in SseFrame frame);

    /// <summary>Null when the stream may end here; else what is missing.</summary>
    string? Complete();
}
