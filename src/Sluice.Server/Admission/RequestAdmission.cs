using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Attempts;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Admission;

/// <summary>
/// What one request asks of limits, and holds of them: once of its caller's before anybody is asked, then of each provider's before that is asked.
/// Whatever becomes of the request, its disposal gives back all that is still held. Belongs to one request; not thread-safe.
/// </summary>
internal sealed class RequestAdmission : IDisposable
{
    private readonly AttemptServices _services;
    private readonly InferenceRequest _request;
    private readonly AdmissionSettings _settings;
    private readonly CallerScopes _caller;
    private readonly Flow _flow;
    private readonly List<Permit> _permits = [];
    private readonly List<(Candidate Candidate, Shortage Lack)> _full = [];
    private Permit? _callers;
    private (Candidate Candidate, Permit Permit)? _granted;
    private Demand _used;
    private TimeSpan _waited;

    private RequestAdmission(AttemptServices services, InferenceRequest request)
    {
        (_services, _request, _settings) = (services, request, services.Admission.Settings);
        _caller = CallerLimits.ScopesOf(request.Caller, request.Facts.Project, request.Plan);
        _flow = _caller.FlowBy(_settings.ShareBy, request.Facts.Session, request.Facts.Role == "background");
    }

    /// <summary>Which waits there were, and whom they were for.</summary>
    public List<(Shortage Lack, TimeSpan Waited)> Waits { get; } = [];

    /// <summary>Candidates that were passed over since their providers had no room, each once.</summary>
    public List<(Candidate Candidate, Shortage Lack)> PassedOver { get; } = [];

    /// <summary>The caller's limit of which the smallest share is left; what the answer's headers tell.</summary>
    public LimitStanding? Standing { get; private set; }

    /// <summary>What no provider had room for in time.</summary>
    public GatewayError? Refusal { get; private set; }

    private AdmissionGate Gate => _services.Admission.Gate;

    /// <summary>Begins; null where nothing is limited, and for counts of tokens, which cost nothing and are estimated when in doubt.</summary>
    public static RequestAdmission? Begin(AttemptServices services, InferenceRequest request)
    {
        if (!services.Admission.IsOn || request.Surface.Operation == SurfaceOperation.CountTokens)
        {
            return null;
        }

        return request.Admission = new RequestAdmission(services, request);
    }

    /// <summary>Passes the caller's limits, waiting where that helps in time. Returns the refusal where it does not.</summary>
    public async ValueTask<GatewayError?> EnterAsync()
    {
        if (_services.Admission.WayOf(_caller) is not { } way)
        {
            return null;
        }

        var entry = await AskAsync([way], DemandOf(_request.Plan.Candidates[0]));
        if (entry.Permit is { } permit)
        {
            _callers = permit;
            _permits.Add(permit);
            Standing = permit.Tightest;
            return null;
        }

        var lack = entry.Lack!;
        Standing = lack.Kind is LimitKind.Queue or LimitKind.Concurrency ? null : new LimitStanding(lack.Scope, lack.Limit, 0, lack.Wait ?? TimeSpan.FromMinutes(1));
        return LimitErrors.OfCaller(lack, _settings, _request, ResetAt());
    }

    /// <summary>
    /// To be called before <see cref="TryEnter"/>: where several nodes share a provider's limits and only this one's part is too small, waits until it was
    /// asked for once, 250 ms at most, so that a provider that has room is not passed over. Completes at once otherwise.
    /// </summary>
    /// <param name="candidate">Whom.</param>
    public ValueTask LeaseAsync(Candidate candidate) =>
        _services.Admission.Leases is null || _granted?.Candidate == candidate || _services.Admission.WayTo(candidate.Provider.Name) is not { } way
            ? ValueTask.CompletedTask
            : Gate.LeaseAsync(way, DemandOf(candidate));

    /// <summary>Asks a provider's limits, without waiting. False: it is full, and the candidate is remembered.</summary>
    /// <param name="candidate">Whom.</param>
    /// <param name="isHedge">Nobody waits for the sake of a hedge.</param>
    /// <param name="permit">To be disposed when the attempt is over; null where nothing limits the provider.</param>
    public bool TryEnter(Candidate candidate, bool isHedge, out Permit? permit)
    {
        permit = null;
        if (_granted is var (waitedFor, granted) && waitedFor == candidate)
        {
            (_granted, permit) = (null, granted);
            return true;
        }

        if (_services.Admission.WayTo(candidate.Provider.Name) is not { } way)
        {
            return true;
        }

        permit = Gate.TryEnter(way, DemandOf(candidate), _flow, out var lack);
        if (permit is not null)
        {
            _permits.Add(permit);
            return true;
        }

        if (!isHedge)
        {
            _full.Add((candidate, lack!));
            if (!PassedOver.Exists(passed => passed.Candidate == candidate))
            {
                PassedOver.Add((candidate, lack!));
            }
        }

        return false;
    }

    /// <summary>Waits until one of the providers that were full has room. Null: none of them in time, or none was full.</summary>
    public async Task<Candidate?> WaitAsync()
    {
        GiveBackUnused();
        if (_full.Count == 0)
        {
            return null;
        }

        // All lines at once: whichever provider has room first is asked.
        var ways = _full.ConvertAll(full => _services.Admission.WayTo(full.Candidate.Provider.Name));
        var free = ways.IndexOf(null);
        if (free >= 0)
        {
            // Its limits were taken away meanwhile.
            return TakeFull(free);
        }

        var entry = await AskAsync(ways!, DemandOf(_full[0].Candidate));
        if (entry.Permit is not { } permit)
        {
            Refusal = LimitErrors.OfProviders([.. _full.Select(full => full.Lack)], entry.Lack!, _request);
            _full.Clear();
            return null;
        }

        _permits.Add(permit);
        var candidate = TakeFull(entry.Way);
        _granted = (candidate, permit);
        return candidate;
    }

    /// <summary>The same candidate is asked again at once, in the place of an attempt that ends now: it keeps its place at the provider.</summary>
    public void HandOver(Attempt ending)
    {
        if (ending.Permit is { } permit)
        {
            ending.Permit = null;
            _granted = (ending.Candidate, permit);
        }
    }

    /// <summary>An attempt is settled: what it used counts, not what was expected.</summary>
    public void Settle(Attempt attempt, TokenUsage usage)
    {
        var input = usage.TotalInput;
        var output = usage.TotalOutput;
        _used = new Demand(_used.Input + input, _used.Output + output);
        attempt.Permit?.Settle(new Demand(WireFormats.Upstream(attempt.Wire).LimitsCachedInput ? input : input - (usage.CacheRead ?? 0), output));
        if (output > 0 && !attempt.Lost)
        {
            _services.Admission.Output.Learn(attempt.Row.Model, output);
        }
    }

    /// <summary>Tells a client how its tightest limit stands, so that it can pace itself.</summary>
    public void WriteHeaders(HttpResponse response)
    {
        if (Standing is { } standing)
        {
            response.Headers["X-RateLimit-Limit"] = standing.Limit.ToString(CultureInfo.InvariantCulture);
            response.Headers["X-RateLimit-Remaining"] = standing.Remaining.ToString(CultureInfo.InvariantCulture);
            response.Headers["X-RateLimit-Reset"] = ResetAt()!.Value.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _callers?.Settle(_used);
        foreach (var permit in _permits)
        {
            permit.Dispose();
        }
    }

    // Milliseconds since 1970, as OpenRouter's clients read it.
    private long? ResetAt() => Standing is { } standing ? (_services.Time.GetUtcNow() + standing.Reset).ToUnixTimeMilliseconds() : null;

    private Demand DemandOf(Candidate candidate)
    {
        var model = candidate.Endpoint.Model.Id;
        return new Demand(
            _services.Estimates.Correct(model, _request.Envelope.EstimatedInputTokens),
            _request.Surface.Operation.IsNativeOnly() ? 0 : _services.Admission.Output.Of(model, _request.Envelope.MaxOutputTokens));
    }

    private async ValueTask<Entry> AskAsync(IReadOnlyList<Way> ways, Demand demand)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_request.ClientGone, _request.CutOff);
        var entry = await Gate.EnterAsync(ways, demand, _flow, Patience(), ending.Token);
        if (entry.Waited > TimeSpan.Zero)
        {
            _waited += entry.Waited;
            if (!(entry.Lack!.IsOfLease && entry.Waited < LeaseKeeper.Patience))
            {
                // Nodes that exchange what they hold are no wait for a limit.
                Waits.Add((entry.Lack, entry.Waited));
            }
        }

        return entry;
    }

    // What is left of the operator's bound and, as with repeats, of the first half of the client's patience: the other half is for the answer.
    private TimeSpan Patience()
    {
        var left = _settings.MaxWait - _waited;
        return _request.Facts.Patience is { } patience && (patience / 2) - (_services.Time.GetUtcNow() - _request.StartedAt) is var most && most < left ? most : left;
    }

    private Candidate TakeFull(int index)
    {
        var candidate = _full[index].Candidate;
        _full.RemoveAt(index);
        return candidate;
    }

    // What was waited for could not be asked after all.
    private void GiveBackUnused()
    {
        _granted?.Permit.Dispose();
        _granted = null;
    }
}
