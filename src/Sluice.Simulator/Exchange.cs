using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Faults;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires;

namespace Sluice.Simulator;

/// <summary>One request from arrival to its end: 1. record, 2. decide on a reply (recording, fault, refusal or answer), 3. play it.</summary>
internal sealed class Exchange(SimulatorOptions options, SimulatorScript script, SimulatorRecord record)
{
    private readonly ThinkingSignature _signatures = new(options.Seed, options.VerifySignatures);
    private readonly AnswerMaker _maker = new(new ThinkingSignature(options.Seed));
    private readonly PrefixCache _cache = new(options.Time, options.MinimumCacheTokens);
    private readonly RateLimiter? _limiter = options.RateLimits is { } limits ? new(limits, options.Time) : null;
    private readonly ReplyPlayer _player = new(options, record);
    private readonly PreparedAnswers _prepared = new();
    private readonly Control.ControlApi? _control = options.ExposeControl ? new(script, record) : null;

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (_control is not null && request.Path.StartsWithSegments("/_sim", StringComparison.Ordinal))
        {
            await _control.HandleAsync(context);
            return;
        }

        var tap = context.Features.Get<HeadTap>();
        var received = new ReceivedRequest(record.NextNumber(), request.Method, request.Path.Value ?? "", request.QueryString.Value ?? "", tap?.TakeHeaders() ?? HeadersOf(request), options.Time.GetUtcNow());
        record.Arrived(received);
        await using var gone = context.RequestAborted.UnsafeRegister(_ => Ended(received, AnswerEnd.ClientGone), null);
        try
        {
            using var body = await RequestBody.ReadAsync(request, options.MaxBodyBytes, rent: options.MaxRecords == 0, context.RequestAborted);
            if (body is null)
            {
                await PlainAsync(context, received, 413, "The body is longer than this simulator reads.");
                return;
            }

            record.BodyRead(received, body.Bytes);
            if (WireTable.Find(request) is not var (wire, route))
            {
                await PlainAsync(context, received, 404, "This simulator has no such path.");
                return;
            }

            var reply = Decide(request, received, wire, route, body.Bytes);
            record.Changed(received);
            if (options.FirstByteDelay > TimeSpan.Zero)
            {
                await Task.Delay(options.FirstByteDelay, options.Time, context.RequestAborted);
            }

            Ended(received, await _player.PlayAsync(context, reply, received));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            Ended(received, AnswerEnd.ClientGone);
        }
        finally
        {
            tap?.Resume();
            record.Left();
        }
    }

    private Reply Decide(HttpRequest request, ReceivedRequest received, IWire wire, WireRoute route, ReadOnlyMemory<byte> body)
    {
        var call = route.Call;
        var credential = wire.Credential(request);
        received.Credential = credential;
        if (options.AcceptedCredentials is { } accepted && (credential is null || !accepted.Contains(credential)))
        {
            return Refuse(received, wire, IdOf(body), wire.BadCredential(request, credential is not null), null);
        }

        if (wire.Door(request, body, options.AwsSecrets) is { } atDoor)
        {
            return Refuse(received, wire, IdOf(body), atDoor, null);
        }

        if (call == WireCall.Models)
        {
            return Finish(received, wire, IdOf(body), Reply.Json(wire.Models(options.Models)), null, null, null);
        }

        if (options.PreparedAnswers && call == WireCall.Generate && !script.HasRules && !request.Headers.ContainsKey("x-sim-fault")
            && PreparedAnswers.KeyOf(wire, route, body.Span) is { } key && _prepared.Find(key) is { } prepared)
        {
            received.Model = key.Model;
            received.Answered(200, null, null);
            return prepared;
        }

        var id = IdOf(body);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(FormBody.AsJson(request, body), new JsonDocumentOptions { MaxDepth = 512 });
        }
        catch (JsonException)
        {
            return Refuse(received, wire, id, new(400, Message: "We could not parse the JSON body of your request."), null);
        }

        using (document)
        {
            return Decide(request, received, wire, route, document.RootElement, id, credential ?? "");
        }
    }

    private Reply Decide(HttpRequest request, ReceivedRequest received, IWire wire, WireRoute route, JsonElement body, string id, string credential)
    {
        var call = route.Call;
        var model = route.Model ?? body.Text("model");
        received.Model = model;
        var asked = FaultAsked(request, model);
        if (asked is { Fault: null })
        {
            // A misspelt fault that did nothing would let a test pass for the wrong reason.
            return Refuse(received, wire, id, new(400, Message: "x-sim-fault: unknown fault " + asked.Value.Text), null);
        }

        var fault = asked?.Fault ?? script.TakeFault(model, received.Credential);
        if (fault is null && call is WireCall.Generate or WireCall.Embed or WireCall.Media && (script.TakeReplay(model) ?? (model is null ? null : options.Replay.GetValueOrDefault(model))) is { } recording)
        {
            received.Answered(recording.Status, null, null);
            return Recorded(recording);
        }

        var (prompt, refusal) = wire.Read(body, route, _signatures);
        var work = new Work(this, received, wire, call, body, id, credential, prompt);
        if (fault is not null)
        {
            // What strikes before the request is read does not ask whether it was a good one.
            var context = new FaultContext(fault, wire, prompt?.Stream ?? route.Stream ?? body.Flag("stream"), refusal is null ? work.Right : _ => wire.Refused(refusal), refusal is null ? work.Empty : () => wire.Refused(refusal));
            work.CallTool = fault.Place == FaultPlace.InToolCall;
            return Finish(received, wire, id, FaultHandlers.Apply(context), fault, work.Usage, null);
        }

        if (refusal is not null)
        {
            return Refuse(received, wire, id, refusal, null);
        }

        var reply = work.Right(UsageShape.True);
        if (options.PreparedAnswers && call == WireCall.Generate && reply.Status == 200 && model is not null)
        {
            reply = Finish(received, wire, id, reply, null, work.Usage, work.Limits);
            _prepared.Keep(new(wire, model, prompt!.Stream), options.Speed.Coalesced ? reply.RunTogether() : reply);
            return reply;
        }

        return Finish(received, wire, id, reply, null, work.Usage, work.Limits);
    }

    /// <summary>A fault that the request itself asks for: by header, or by a model named <c>sim/fault/NAME</c>.</summary>
    private static (Fault? Fault, string Text)? FaultAsked(HttpRequest request, string? model)
    {
        var text = request.Headers["x-sim-fault"].ToString();
        if (text.Length == 0)
        {
            var at = model?.IndexOf("fault/", StringComparison.Ordinal) ?? -1;
            if (at is not (0 or 4) || (at == 4 && !model!.StartsWith("sim/", StringComparison.Ordinal)))
            {
                return null;
            }

            text = model![(at + 6)..];
        }

        return (Fault.TryParse(text, out var fault) ? fault : null, text);
    }

    private static Reply Recorded(ReplayAnswer recording)
    {
        var steps = new List<Step>();
        var at = 0;
        void Send(int length)
        {
            if (steps.Count > 0 && recording.Gap > TimeSpan.Zero)
            {
                steps.Add(new(StepKind.Pause, Delay: recording.Gap));
            }

            steps.Add(Step.Send(recording.Body.AsMemory(at, length)));
            at += length;
        }

        foreach (var length in recording.ChunkLengths ?? [])
        {
            if (length > 0 && at < recording.Body.Length)
            {
                Send(Math.Min(length, recording.Body.Length - at));
            }
        }

        if (at < recording.Body.Length)
        {
            Send(recording.Body.Length - at);
        }

        return new Reply
        {
            Status = recording.Status,
            ContentType = recording.ContentType,
            Headers = [.. recording.Headers.Where(static h => !h.Key.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase)
                && !h.Key.Equals("content-length", StringComparison.OrdinalIgnoreCase)
                && !h.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase))],
            Steps = steps,
        };
    }

    private Reply Refuse(ReceivedRequest received, IWire wire, string id, WireRefusal refusal, RateLimitState? limits) =>
        Finish(received, wire, id, wire.Refused(refusal), null, null, limits);

    private static Reply Finish(ReceivedRequest received, IWire wire, string id, Reply reply, Fault? fault, AnswerUsage? usage, RateLimitState? limits)
    {
        received.Answered(reply.NoHead ? 0 : reply.Status, fault,
            usage is null ? null : new ReportedUsage(usage.Input, usage.CacheRead, usage.CacheWrite5m, usage.CacheWrite1h, usage.Output, usage.Reasoning));
        return reply with { Headers = [.. wire.Headers(id, limits), .. reply.Headers] };
    }

    private async Task PlainAsync(HttpContext context, ReceivedRequest received, int status, string text)
    {
        received.Answered(status, null, null);
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Ended(received, await _player.PlayAsync(context, new Reply { Status = status, ContentType = "text/plain", Steps = [Step.Send(bytes)], Length = bytes.Length }, received));
    }

    private void Ended(ReceivedRequest received, AnswerEnd how)
    {
        if (received.TryEnd(how, options.Time.GetUtcNow()))
        {
            record.Changed(received);
        }
    }

    /// <summary>What all ids in an answer are made of: equal requests get equal ids.</summary>
    private static string IdOf(ReadOnlyMemory<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body.Span));

    private static KeyValuePair<string, string>[] HeadersOf(HttpRequest request)
    {
        var headers = new List<KeyValuePair<string, string>>(request.Headers.Count);
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                headers.Add(new(name, value ?? ""));
            }
        }

        return [.. headers];
    }

    /// <summary>The right answer to one request, made when asked for.</summary>
    private sealed class Work(Exchange exchange, ReceivedRequest received, IWire wire, WireCall call, JsonElement body, string id, string credential, Prompt? prompt)
    {
        public bool CallTool { get; set; }

        public AnswerUsage? Usage { get; private set; }

        public RateLimitState? Limits { get; private set; }

        public Reply Right(UsageShape shape) => Make(shape, empty: false);

        public Reply Empty() => Make(UsageShape.True, empty: true);

        private Reply Make(UsageShape shape, bool empty)
        {
            var chain = wire.Prefixes(body);
            if (exchange.ContextRefusal(chain.Tokens) is { } tooLong)
            {
                return wire.Refused(tooLong);
            }

            if (call == WireCall.CountTokens)
            {
                return Reply.Json(wire.CountTokens(chain.Tokens));
            }

            var used = exchange._cache.Use(credential + "\n" + received.Model, chain);
            Limits = exchange._limiter?.Take(credential, used.Input + used.CacheWrite);
            if (Limits is { Refused: { } what })
            {
                var refusal = new WireRefusal(429, Message: FormattableString.Invariant($"This request would exceed the rate limit of {Limits.RefusedLimit} {what} per minute.")) { RetryAfter = Limits.RetryAfter };
                return wire.Refused(refusal);
            }

            var answer = exchange._maker.Make(prompt!, id, CallTool);
            if (empty)
            {
                answer = answer with { Blocks = [], Stop = AnswerStop.End };
            }

            Usage = call is WireCall.Embed or WireCall.Media ? used : used with { Output = answer.Usage.Output, Reasoning = answer.Usage.Reasoning };
            Limits = exchange._limiter?.Charge(credential, Usage.Output);
            answer = answer with { Usage = Usage };
            return prompt!.Stream ? Reply.Stream(wire.Stream(prompt, answer, shape), wire.Shape.ContentType) : wire.Whole(prompt, answer, shape);
        }
    }

    private WireRefusal? ContextRefusal(int tokens) => options.ContextTokens is { } most && tokens > most
        ? new(400, "context") { Tokens = tokens, MostTokens = most }
        : null;
}
