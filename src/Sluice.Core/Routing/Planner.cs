using System.Collections.Concurrent;
using System.Globalization;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Routing;

/// <summary>
/// Makes the plan of one request:
/// 1. the model's name → the model (or 404 with near names), and whether the key may use it (or 403);
/// 2. its endpoints in the order asked for or configured;
/// 3. each with its credentials, a session always with the same one first; those excluded are left out with the reason;
/// 4. what failed in the last 30 s after what did not, the session's own place before all;
/// 5. then the same for each fallback model.
/// Thread-safe; knows nothing but what it is given.
/// </summary>
/// <param name="health">What became of recent attempts.</param>
/// <param name="affinity">Where sessions last succeeded.</param>
/// <param name="time">For the time left of cooldowns.</param>
/// <param name="seed">Start of the drawing for <see cref="RouteSort.Balanced"/>; 0 takes the clock.</param>
public sealed class Planner(IHealth health, IAffinity affinity, TimeProvider time, long seed = 0)
{
    /// <summary>Most candidates of one plan: nobody waits for the seventeenth.</summary>
    public const int MostCandidates = 16;

    private const int MostLeftOut = 64;
    private const int MostCached = 1024;
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(55);
    private static readonly string[] UnmeasuredThroughput = ["Endpoints are not measured yet: sort 'throughput' kept the configured order."];
    private static readonly string[] UnmeasuredLatency = ["Endpoints are not measured yet: sort 'latency' kept the configured order."];

    private long _random = seed != 0 ? seed : time.GetTimestamp();
    private uint _turn;
    private volatile SimplePlans _simple = new(null);

    /// <summary>Plans one request against one snapshot.</summary>
    public Plan Plan(ConfigSnapshot snapshot, RoutingRequest request)
    {
        if (FindSimple(snapshot, request) is { } simple)
        {
            return simple;
        }

        var catalogue = snapshot.Catalogue;
        var draft = new Draft();
        var resolved = catalogue.Resolve(request.Model);
        if (resolved is null && request.FallbackModels.Count == 0)
        {
            return new Plan { Refusal = ModelNotFound(catalogue, request) };
        }

        if (resolved is null)
        {
            draft.LeaveOut(request.Model, "no such model");
        }
        else if (!ModelPermission.Allows(request.AllowedModels, request.Model, resolved, catalogue))
        {
            return new Plan { Model = resolved.Model, Refusal = NotAllowed(request) };
        }
        else
        {
            AddModel(snapshot, request, resolved, isFallback: false, draft);
        }

        AddFallbacks(snapshot, request, resolved, draft);
        var plan = new Plan
        {
            Candidates = draft.Candidates,
            LeftOut = draft.LeftOut,
            Notes = draft.Notes,
            Model = resolved?.Model,
            Refusal = draft.Candidates.Count > 0 ? null
                : resolved is null && !draft.AnyKnown ? ModelNotFound(catalogue, request)
                : NothingToTry(request, draft),
        };
        Keep(snapshot, request, resolved, plan);
        return plan;
    }

    private void AddFallbacks(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel? resolved, Draft draft)
    {
        var names = request.FallbackModels;
        if (names.Count == 0)
        {
            if (resolved is null
                || (!snapshot.Fallbacks.TryGetValue(resolved.Model.Id, out var chain) && !snapshot.Fallbacks.TryGetValue("*", out chain)))
            {
                return;
            }

            names = chain;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (resolved is not null)
        {
            seen.Add(resolved.Model.Id);
        }

        foreach (var name in names)
        {
            if (snapshot.Catalogue.Resolve(name) is not { } next)
            {
                draft.LeaveOut(name, "fallback: no such model");
                continue;
            }

            if (!seen.Add(next.Model.Id))
            {
                continue;
            }

            // The model asked for is tried whatever the catalogue thinks of it; a substitute must be able to do the work.
            var why = !ModelPermission.Allows(request.AllowedModels, name, next, snapshot.Catalogue) ? "fallback: the key may not use this model"
                : request.Needs.Images && next.Model.Traits.Images == false ? "fallback: the model takes no images"
                : request.Needs.Tools && next.Model.Traits.Tools == false ? "fallback: the model calls no tools"
                : null;
            if (why is not null)
            {
                draft.LeaveOut(next.Model.Id, why);
                continue;
            }

            AddModel(snapshot, request, next, isFallback: true, draft);
        }
    }

    private void AddModel(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel resolved, bool isFallback, Draft draft)
    {
        draft.AnyKnown = true;
        var sort = SortFor(snapshot, request, resolved, draft);
        var endpoints = resolved.Endpoints;
        if (endpoints.Count > 1 && sort is RouteSort.Price or RouteSort.Balanced)
        {
            var sorted = new ModelEndpoint[endpoints.Count];
            for (var i = 0; i < sorted.Length; i++)
            {
                sorted[i] = endpoints[i];
            }

            EndpointOrder.Apply(sorted, sort, NextDouble);
            endpoints = sorted;
        }

        if (endpoints.Count == 0)
        {
            draft.LeaveOut(resolved.Model.Id, "no provider is configured that serves it");
            return;
        }

        (string Endpoint, string? Credential)? home = request.Session is { Length: > 0 } session && snapshot.Routing.SessionAffinity
            ? affinity.Find(session, resolved.Model.Id)
            : null;
        var start = draft.Candidates.Count;
        for (var i = 0; i < endpoints.Count; i++)
        {
            AddEndpoint(snapshot, request, endpoints[i], home, start, draft);
        }

        draft.AppendFailedRecently();
        NameReasons(draft, start, isFallback, endpoints.Count, sort);
        draft.Cut();
    }

    private void AddEndpoint(ConfigSnapshot snapshot, RoutingRequest request, ModelEndpoint endpoint, (string Endpoint, string? Credential)? home, int start, Draft draft)
    {
        if (snapshot.Provider(endpoint.Provider) is not { } provider)
        {
            draft.LeaveOut(endpoint.Id, "the provider is not configured");
            return;
        }

        var credentials = provider.Credentials;
        var count = Math.Max(1, credentials.Count);
        var first = count == 1 ? 0 : request.Session is { Length: > 0 } session ? StableHash(session) % (uint)count : Interlocked.Increment(ref _turn) % (uint)count;
        for (var i = 0; i < count; i++)
        {
            var credential = credentials.Count == 0 ? null : credentials[(int)((first + (uint)i) % (uint)count)];
            if (health.Excluded(endpoint, credential) is { } exclusion)
            {
                draft.Exclude(endpoint, credential, exclusion, time.GetUtcNow());
                continue;
            }

            if (health.FailedRecently(endpoint, credential))
            {
                draft.PutLast(new Candidate(endpoint, provider, credential, "failed recently"));
            }
            else if (home is { } place && place.Endpoint == endpoint.Id && place.Credential == credential?.Id)
            {
                draft.Candidates.Insert(start, new Candidate(endpoint, provider, credential, "session stays"));
            }
            else
            {
                draft.Candidates.Add(new Candidate(endpoint, provider, credential, ""));
            }
        }
    }

    private static void NameReasons(Draft draft, int start, bool isFallback, int endpoints, RouteSort sort)
    {
        var candidates = draft.Candidates;
        for (var i = start; i < candidates.Count; i++)
        {
            if (candidates[i].Reason.Length > 0)
            {
                continue;
            }

            var reason = isFallback ? "fallback model"
                : candidates.Count == 1 && endpoints == 1 ? "only endpoint"
                : i > start ? (candidates[i].Endpoint.Id == candidates[i - 1].Endpoint.Id ? "next credential" : "next in order")
                : sort switch
                {
                    RouteSort.Price => "lowest price",
                    RouteSort.Balanced => "drawn by price",
                    _ => "first in order",
                };
            candidates[i] = candidates[i] with { Reason = reason };
        }
    }

    private static RouteSort SortFor(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel resolved, Draft draft)
    {
        var sort = request.Preferences.Sort ?? resolved.Variant switch
        {
            "nitro" => RouteSort.Throughput,
            "floor" => RouteSort.Price,
            _ => snapshot.Routing.Sort,
        };
        if (resolved.Endpoints.Count > 1 && sort is RouteSort.Throughput or RouteSort.Latency)
        {
            draft.Notes = sort == RouteSort.Throughput ? UnmeasuredThroughput : UnmeasuredLatency;
        }

        return sort;
    }

    private static GatewayError ModelNotFound(CatalogueTable catalogue, RoutingRequest request)
    {
        List<string>? near = null;
        foreach (var name in catalogue.Suggest(request.Model))
        {
            // Not even the names of models that the key may not use are given away.
            if (catalogue.Resolve(name) is { } resolved && ModelPermission.Allows(request.AllowedModels, name, resolved, catalogue))
            {
                (near ??= []).Add(name);
            }
        }

        var shown = request.Model.Length <= 200 ? request.Model : request.Model[..200] + "…";
        var message = near is null
            ? $"The model '{shown}' does not exist here."
            : $"The model '{shown}' does not exist here. Did you mean {string.Join(" or ", near)}?";
        return new GatewayError(ErrorKind.ModelNotFound, ErrorSource.Client, 404, message)
        {
            Param = "model",
            ShouldRetry = false,
            Remedy = "GET /v1/models lists what can be used; an administrator adds models and aliases in the configuration.",
        };
    }

    private static GatewayError NotAllowed(RoutingRequest request)
    {
        var shown = request.Model.Length <= 200 ? request.Model : request.Model[..200] + "…";
        return new GatewayError(ErrorKind.Permission, ErrorSource.Client, 403, $"This key may not use the model '{shown}'.")
        {
            Param = "model",
            ShouldRetry = false,
            Remedy = "Use one of the key's models, or ask the administrator to allow this one.",
        };
    }

    private static GatewayError NothingToTry(RoutingRequest request, Draft draft)
    {
        if (draft.FreeAgainIn is { } rest)
        {
            var wait = rest < ShortestRetry ? ShortestRetry : rest > LongestRetry ? LongestRetry : TimeSpan.FromSeconds(Math.Ceiling(rest.TotalSeconds));
            return new GatewayError(ErrorKind.RateLimit, ErrorSource.Provider, 429, $"Every provider of '{request.Model}' asked to be left alone for now; the first is free again in {Seconds(rest)} s.")
            {
                RetryAfter = wait,
                Remedy = "Wait and try again; more credentials, another provider or a fallback model would help.",
            };
        }

        if (draft.AnyDead)
        {
            return new GatewayError(ErrorKind.UpstreamError, ErrorSource.Provider, 502, $"Every provider credential for '{request.Model}' was refused by its provider (key, credit or permission).")
            {
                ShouldRetry = false,
                Remedy = "The administrator must replace the provider's key or settle its account, and save the configuration.",
            };
        }

        var reasons = draft.LeftOut.Count == 0 ? "" : $" ({draft.LeftOut[0].Endpoint}: {draft.LeftOut[0].Why})";
        return new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Gateway, 404, $"The model '{request.Model}' is known, but nothing here can serve it{reasons}.")
        {
            Param = "model",
            ShouldRetry = false,
            Remedy = "Configure a provider that serves the model, or use one that GET /v1/models lists.",
        };
    }

    private static string Seconds(TimeSpan span) => Math.Max(1, Math.Ceiling(span.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture);

    // FNV-1a: the same after a restart, so that a session finds its provider's prompt cache again.
    private static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash ^ (hash >> 15);
    }

    // SplitMix64 over a shared counter: random enough to draw by, and safe from every thread.
    private double NextDouble()
    {
        var z = (ulong)Interlocked.Add(ref _random, unchecked((long)0x9E3779B97F4A7C15));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>With one endpoint, one credential and no fallback there is nothing to decide: the same plan serves until the snapshot or its health changes.</summary>
    private Plan? FindSimple(ConfigSnapshot snapshot, RoutingRequest request)
    {
        if (request.AllowedModels.Count > 0 || request.FallbackModels.Count > 0 || !ReferenceEquals(request.Preferences, ProviderPreferences.None))
        {
            return null;
        }

        var simple = _simple;
        return ReferenceEquals(simple.Snapshot, snapshot)
            && simple.Plans.TryGetValue(request.Model, out var plan)
            && health.Excluded(plan.Candidates[0].Endpoint, plan.Candidates[0].Credential) is null
                ? plan
                : null;
    }

    private void Keep(ConfigSnapshot snapshot, RoutingRequest request, ResolvedModel? resolved, Plan plan)
    {
        if (resolved is null || resolved.Endpoints.Count != 1 || plan.Candidates.Count != 1 || plan.LeftOut.Count > 0
            || plan.Candidates[0].Provider.Credentials.Count > 1
            || request.AllowedModels.Count > 0 || request.FallbackModels.Count > 0 || !ReferenceEquals(request.Preferences, ProviderPreferences.None))
        {
            return;
        }

        var simple = _simple;
        if (!ReferenceEquals(simple.Snapshot, snapshot))
        {
            _simple = simple = new SimplePlans(snapshot);
        }

        // Clients invent names; the dictionary must not grow with them.
        if (simple.Plans.Count < MostCached)
        {
            simple.Plans[request.Model] = plan with { Candidates = [plan.Candidates[0] with { Reason = "only endpoint" }] };
        }
    }

    private sealed class SimplePlans(ConfigSnapshot? snapshot)
    {
        public ConfigSnapshot? Snapshot { get; } = snapshot;

        public ConcurrentDictionary<string, Plan> Plans { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>A plan in the making.</summary>
    private sealed class Draft
    {
        private List<LeftOutEndpoint>? _leftOut;
        private List<Candidate>? _failedRecently;

        public List<Candidate> Candidates { get; } = new(4);

        public IReadOnlyList<LeftOutEndpoint> LeftOut => _leftOut is null ? [] : _leftOut;

        public IReadOnlyList<string> Notes { get; set; } = [];

        /// <summary>Some name of the request meant a model.</summary>
        public bool AnyKnown { get; set; }

        public bool AnyDead { get; private set; }

        public TimeSpan? FreeAgainIn { get; private set; }

        public void LeaveOut(string endpoint, string why)
        {
            _leftOut ??= [];
            if (_leftOut.Count < MostLeftOut)
            {
                _leftOut.Add(new LeftOutEndpoint(endpoint, why));
            }
        }

        public void PutLast(Candidate candidate) => (_failedRecently ??= []).Add(candidate);

        public void AppendFailedRecently()
        {
            if (_failedRecently is not null)
            {
                Candidates.AddRange(_failedRecently);
                _failedRecently.Clear();
            }
        }

        public void Exclude(ModelEndpoint endpoint, Credential? credential, Exclusion exclusion, DateTimeOffset now)
        {
            var whose = credential is null ? "the endpoint" : $"credential {credential.Id}";
            if (exclusion.Cause == ExclusionCause.Dead)
            {
                AnyDead = true;
                LeaveOut(endpoint.Id, $"{whose} was refused by the provider; it stays out until its configuration changes");
                return;
            }

            var rest = exclusion.Until - now;
            FreeAgainIn = FreeAgainIn is { } other && other < rest ? other : rest;
            LeaveOut(endpoint.Id, exclusion.Cause == ExclusionCause.Circuit
                ? $"{whose} failed too often: its circuit is open, {Seconds(rest)} s until the next probe"
                : $"{whose} is cooling down at the provider's wish, {Seconds(rest)} s left");
        }

        public void Cut()
        {
            for (var i = Candidates.Count - 1; i >= MostCandidates; i--)
            {
                LeaveOut(Candidates[i].Endpoint.Id, "further down than a plan goes");
                Candidates.RemoveAt(i);
            }
        }
    }
}
