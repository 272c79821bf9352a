using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Core.Configuration;
using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Attempts;
using Sluice.Server.Detached;
using Sluice.Server.Errors;
using Sluice.Server.Guardrails;
using Sluice.Server.Identity;
using Sluice.Server.Ingress;
using Sluice.Server.KeptAnswers;
using Sluice.Server.Relay;
using Sluice.Server.Routing;
using Sluice.Server.Settlement;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Hosting;

/// <summary>
/// The life of one inference request, the same for every surface:
/// <list type="number">
/// <item>identity: the caller, from headers and query alone,</item>
/// <item>ingress: the body, once, into pooled memory, and one pass over its bytes,</item>
/// <item>routing: model name to candidates to plan,</item>
/// <item>attempts, relay and settlement: <see cref="AttemptLoop"/>.</item>
/// </list>
/// </summary>
internal sealed class InferencePipeline(
    Func<ConfigSnapshot> snapshot, IKeyRing keys, BodyReader bodies, Planner planner, AttemptServices attempts, AnswerCache answers, DetachedAnswers detachedAnswers, Settler settler, TimeProvider time, ILogger<InferencePipeline> logger)
{
    /// <summary>Answers the request, whatever it is. Throws nothing but what a vanished client causes.</summary>
    public async Task RunAsync(HttpContext http, Surface surface)
    {
        var id = "gen-" + Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        RefusedRequest? known = null;
        try
        {
            var current = snapshot();

            // 1. Identity. Nothing of a body is read from a caller without a valid key.
            var (caller, refused) = PresentedKeys.Identify(http.Request, keys, current.Auth.Open);
            if (caller is null)
            {
                await RefuseAsync(http, surface, id, refused!);
                return;
            }

            known = new RefusedRequest(http, surface, caller, id, time.GetUtcNow(), Envelope: null);
            await AnswerAsync(known, current);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // The client went away while it was told something. Where its row was written before that, the first one stands.
            await NoteAsync(known, Unanswered.ClientGone);
            http.Abort();
        }
        catch (Exception e)
        {
            HostingLog.RequestFailed(logger, e, id);
            await NoteAsync(known, Unanswered.Fault(id));
            await TellFaultAsync(http, surface, id);
        }
    }

    private async Task AnswerAsync(RefusedRequest known, ConfigSnapshot current)
    {
        var (http, surface, caller, id, startedAt, _) = known;

        // 2. Ingress.
        var (body, unread) = await bodies.ReadAsync(http.Request, surface.Operation.TakesForms(), current.Server.MaxBody, http.RequestAborted);
        if (unread is { Kind: ErrorKind.Cancelled })
        {
            await settler.SettleAsync(known, unread);
            http.Abort();
            return;
        }

        if (body is null)
        {
            await RefuseAsync(known, unread!);
            return;
        }

        using var owned = body;
        var (envelope, invalid) = surface.Scan(http.Request.ContentType, body.Bytes);
        envelope = envelope is null ? null : RoutingRequests.WithModel(envelope);
        if (envelope is null || envelope.Model is null)
        {
            await RefuseAsync(known with { Envelope = envelope }, invalid is null
                ? new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400, "model: Field required. Name the model to use.") { Param = "model", Remedy = "Name the model to use." }
                : new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400, invalid.Message) { Param = invalid.Param });
            return;
        }

        // 3. Routing.
        var facts = ClientFacts.Read(http.Request, caller, envelope, surface.Operation);
        if (GuardrailCheck.Refusal(current, known, facts, envelope, body.Bytes.Span) is { } blocked)
        {
            await RefuseAsync(known with { Envelope = envelope }, blocked);
            return;
        }

        var (routing, misread) = RoutingRequests.Of(caller, facts, envelope, body.Bytes.Span, surface);
        if (routing is null)
        {
            await RefuseAsync(known with { Envelope = envelope }, misread!);
            return;
        }

        var session = SessionKey.Of(routing.Session, caller.User, envelope, body.Bytes.Span);
        if (session.Value is { } conversation)
        {
            await attempts.Affinity.ReadyAsync(conversation);
        }

        if (session.Source is SessionSource.Opening or SessionSource.ShortOpening)
        {
            routing = routing with { Session = session.ForPlan(attempts.Affinity) };
        }

        var plan = planner.Plan(current, RoutingRequests.WithPrompt(routing, current, envelope, body.Bytes));
        using var detached = DetachedCall.IsWanted(http, surface)
            ? new DetachedCall(detachedAnswers, time, http, surface, new DetachedAnswer(id, caller.User, envelope.Model, startedAt), bodies.Budget)
            : null;
        using var request = new InferenceRequest
        {
            Http = http,
            Surface = surface,
            Snapshot = current,
            Caller = caller,
            Id = id,
            StartedAt = startedAt,
            Body = body,
            Envelope = envelope,
            Facts = facts,
            Plan = plan,
            Session = session,
            MaxPrice = routing.Preferences.MaxPrice,
            Home = plan.Candidates.Count > 1 && plan.Model is { } model && session.Value is { } name ? attempts.Affinity.Home(name, model.Id) : null,
            Reasoning = attempts.Reasoning,
            Shortens = routing.MayBeShortened ? Shortens.Asked : current.ShortensContext ? Shortens.AfterOverflow : Shortens.Never,
            Detached = detached,
        };
        if (http.Request.Headers[PlanAnswer.Header] == "1")
        {
            await PlanAnswer.WriteAsync(request, attempts);
            return;
        }

        using var cached = CachedCall.Of(answers, settler, time, request, routing.Preferences, bodies.Budget);
        request.Cached = cached;
        if (cached is not null && await cached.TryServeFreshAsync())
        {
            return;
        }

        if (plan.Candidates.Count == 0)
        {
            if (cached is not null && await cached.TryServeStaleAsync(plan.Refusal!))
            {
                return;
            }

            await settler.SettleAsync(request, plan.Refusal!.Status, plan.Refusal);
            await RefuseAsync(http, surface, id, plan.Refusal with { RequestId = id });
            return;
        }

        // 4. Attempts, relay, settlement.
        await ReasoningReplays.ReadyAsync(request);
        await using var loop = new AttemptLoop(attempts, request);
        await loop.RunAsync();
    }

    // Whose request it was is known, so the ledger knows it too: "it fails and the report shows nothing" is a bad place to search from.
    private async Task RefuseAsync(RefusedRequest refused, GatewayError error)
    {
        await settler.SettleAsync(refused, error);
        await RefuseAsync(refused.Http, refused.Surface, refused.Id, error);
    }

    // A caller who is known finds his request in the ledger, however it ended. The ledger itself may be what failed.
    private async Task NoteAsync(RefusedRequest? known, GatewayError error)
    {
        try
        {
            if (known is not null)
            {
                await settler.SettleAsync(known, error);
            }
        }
        catch (Exception e)
        {
            HostingLog.RequestFailed(logger, e, known!.Id);
        }
    }

    private static Task RefuseAsync(HttpContext http, Surface surface, string id, GatewayError error)
    {
        AnswerHeaders.WriteIds(http.Response, id);
        return ErrorAnswer.WriteAsync(http, surface, error with { RequestId = id });
    }

    private static async Task TellFaultAsync(HttpContext http, Surface surface, string id)
    {
        if (http.Response.HasStarted)
        {
            // Half an answer is out: a cut is honest, a clean end would be a lie.
            http.Abort();
            return;
        }

        http.Response.Clear();
        await RefuseAsync(http, surface, id, Unanswered.Fault(id));
    }
}
