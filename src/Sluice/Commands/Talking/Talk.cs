using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;

namespace Sluice.Commands.Talking;

/// <summary>One conversation with Sluice, as a client of one format has it.</summary>
internal sealed class Talk(HttpClient http, string key, WireProtocol client, string model, string session, string project = "conformance")
{
    // An error body or an event of more is not Sluice's.
    private const int MaxAnswer = 32 * 1024 * 1024;

    // A client that knows nothing of the model asks for everything.
    private static readonly ModelTraits Hopeful = new() { Images = true, Documents = true, Tools = true, Reasoning = true, StructuredOutput = true };

    /// <summary>The formats that can be spoken: both ways are needed, since requests are written and answers read.</summary>
    public static IReadOnlyList<IWireFormat> Formats { get; } = [.. WireFormats.AllClients.OfType<IWireFormat>()];

    private readonly IWireFormat _format = WireFormats.Of(client);

    // OpenRouter's is the one Chat dialect that has a place for everything that is asked here.
    private readonly ChatDialect _dialect = client == WireProtocol.OpenAIChat ? ChatDialect.OpenRouter : ChatDialect.Generic;

    private readonly List<string> _requests = [];
    private readonly SortedSet<string> _degraded = new(StringComparer.Ordinal);

    /// <summary>Ids of all requests so far, for the ledger.</summary>
    public IReadOnlyList<string> Requests => _requests;

    /// <summary>What <c>x-sluice-degraded</c> said so far, as <c>feature=outcome</c>.</summary>
    public IReadOnlyCollection<string> Degraded => _degraded;

    /// <summary>Asks and reads the whole answer.</summary>
    public async Task<Reply> AskAsync(ConversationRequest request, CancellationToken cancellation)
    {
        var written = Write(request, model);
        if (written.Body is not { } body)
        {
            return new Reply(null, null, written.Fault);
        }

        using var message = Message(PathOf(SurfaceOperation.Generate, model)!, body);
        using var response = await http.SendAsync(message, cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        var id = Note(response);
        if (!response.IsSuccessStatusCode)
        {
            return new Reply(id, null, Fault(_format.ReadError((int)response.StatusCode, bytes), (int)response.StatusCode)) { Status = (int)response.StatusCode };
        }

        var read = _format.ReadResponse(bytes, _dialect);
        return read.Value is { } answer ? new Reply(id, answer, null) { Status = 200 } : new Reply(id, null, Verdict.Failed("The answer is not of the client's format: " + read.Error!.Message));
    }

    /// <summary>Asks for a stream and holds it to its format's grammar.</summary>
    /// <param name="request">What to ask.</param>
    /// <param name="leaveEarly">Go away, without a word, as soon as content came.</param>
    /// <param name="cancellation">Ends everything.</param>
    public async Task<Reply> StreamAsync(ConversationRequest request, bool leaveEarly, CancellationToken cancellation)
    {
        var written = Write(request with { Stream = true, IncludeStreamUsage = true }, model);
        if (written.Body is not { } body)
        {
            return new Reply(null, null, written.Fault);
        }

        using var message = Message(PathOf(SurfaceOperation.Generate, model, stream: true)!, body);
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        var id = Note(response);
        if (!response.IsSuccessStatusCode)
        {
            return new Reply(id, null, Fault(_format.ReadError((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation)), (int)response.StatusCode)) { Status = (int)response.StatusCode };
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        return (await ReadAsync(stream, id, leaveEarly, cancellation)) with { Status = 200 };
    }

    /// <summary>Asks how many tokens the request has; null without a fault where the format cannot ask.</summary>
    public async Task<(long? Tokens, Verdict? Fault)> CountAsync(ConversationRequest request, CancellationToken cancellation)
    {
        if (PathOf(SurfaceOperation.CountTokens, model) is not { } path)
        {
            return (null, Verdict.Skipped("The client's format has no endpoint for it."));
        }

        using var message = Message(path, Write(request, model).Body!);
        using var response = await http.SendAsync(message, cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        Note(response);
        if (!response.IsSuccessStatusCode)
        {
            return (null, Fault(_format.ReadError((int)response.StatusCode, bytes), (int)response.StatusCode));
        }

        using var document = JsonDocument.Parse(bytes);
        foreach (var name in (ReadOnlySpan<string>)["input_tokens", "totalTokens"])
        {
            if (document.RootElement.TryGetProperty(name, out var count) && count.TryGetInt64(out var tokens))
            {
                return (tokens, null);
            }
        }

        return (null, Verdict.Failed("The answer names no count."));
    }

    /// <summary>Asks for a model that nobody has, and reads the error as a client does.</summary>
    public async Task<(int Status, UpstreamError Error, bool IsJson)> MisaskAsync(ConversationRequest request, string unknown, CancellationToken cancellation)
    {
        using var message = Message(PathOf(SurfaceOperation.Generate, unknown)!, Write(request, unknown).Body!);
        using var response = await http.SendAsync(message, cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        Note(response);
        var error = _format.ReadError((int)response.StatusCode, bytes);
        return ((int)response.StatusCode, error, !error.Body.IsEmpty);
    }

    private async Task<Reply> ReadAsync(Stream stream, string? id, bool leaveEarly, CancellationToken cancellation)
    {
        using var frames = new SseReader(MaxAnswer);
        var reader = _format.CreateStreamReader(_dialect);
        var grammar = _format.CreateGrammar();
        var assembly = new StreamAssembly();
        var events = new List<StreamEvent>();
        string? violation = null;
        while (await stream.ReadAsync(frames.GetMemory(16 * 1024), cancellation) is > 0 and var count)
        {
            frames.Advance(count);
            while (frames.TryRead(out var frame))
            {
                violation ??= grammar.Accept(frame);
                reader.Read(frame, events);
            }

            events.ForEach(assembly.Add);
            events.Clear();
            if (leaveEarly && assembly.HasContent)
            {
                return new Reply(id, assembly.Whole(), null);
            }
        }

        reader.Complete(events);
        events.ForEach(assembly.Add);
        violation ??= grammar.Complete();
        return assembly.Error is { } error ? new Reply(id, null, Verdict.Failed("The stream ended with an error: " + error.Message))
            : violation is not null ? new Reply(id, null, Verdict.Failed("The stream is not legal: " + violation))
            : !assembly.Ended ? new Reply(id, null, Verdict.Failed("The stream has no end."))
            : new Reply(id, assembly.Whole(), null);
    }

    private (byte[]? Body, Verdict? Fault) Write(ConversationRequest request, string named)
    {
        var log = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        var target = new UpstreamTarget(named, _dialect, Hopeful);
        if (_format.WriteRequest(request with { From = client, Model = named }, target, log, output) is { } refusal)
        {
            return (null, Verdict.Skipped("The client's format has no such request: " + refusal.Message));
        }

        var left = log.Entries.FirstOrDefault(entry => entry.Outcome == DegradationOutcome.Dropped);
        return left is null ? (output.WrittenSpan.ToArray(), null) : (null, Verdict.Skipped("The client's format has no such thing: " + left.Why));
    }

    // Below Sluice's own address, which may have a path.
    private string? PathOf(SurfaceOperation operation, string named, bool stream = false) => _format.PathOf(operation, named, stream)?.TrimStart('/');

    private HttpRequestMessage Message(string path, byte[] body)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        message.Headers.Add("x-sluice-session", session);
        message.Headers.Add("x-sluice-project", project);
        return message;
    }

    private string? Note(HttpResponseMessage response)
    {
        foreach (var feature in Header(response, "x-sluice-degraded")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            _degraded.Add(feature);
        }

        var id = Header(response, "x-sluice-request-id");
        if (id is not null)
        {
            _requests.Add(id);
        }

        return id;
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    // Refused: somebody read the request and would not have it. Everything else that is no answer is a failure.
    private static Verdict Fault(UpstreamError error, int status)
    {
        var reason = $"{status} {ErrorWords.Of(error.Kind)}: {error.Message.ReplaceLineEndings(" ")}";
        return error.Kind is ErrorKind.InvalidRequest or ErrorKind.ContextLength or ErrorKind.ContentPolicy ? Verdict.Refused(reason) : Verdict.Failed(reason);
    }
}
