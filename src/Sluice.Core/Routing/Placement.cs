using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing.Endpoints;
using Sluice.Core.Routing.Ordering;

namespace Sluice.Core.Routing;

/// <summary>Puts a group of endpoints into a plan, each with its credentials, and says of each candidate why it stands there. Thread-safe.</summary>
internal sealed class Placement(IHealth health, IAffinity affinity, TimeProvider time, long seed)
{
    // Of hundreds that are further down than a plan goes, the ledger needs no row each.
    private const int MostNamed = 16;

    private long _random = seed != 0 ? seed : time.GetTimestamp();
    private uint _turn;

    /// <summary>Orders the group, places it and empties it.</summary>
    public void Place(EndpointGroup group)
    {
        var entries = group.Entries;
        if (entries.Length == 0)
        {
            group.Clear();
            return;
        }

        var draw = group.OrdinarySort is RouteSort.Order or RouteSort.Price ? default : NextDraw(entries.Length);
        var draft = group.Draft;
        var start = draft.Count;
        var walk = new BestFirst(entries);
        EndpointOrder.Apply(group, ref draw, ref walk);
        var home = HomeOf(group);
        var taken = 0;
        for (var at = walk.Next(); at >= 0 && !draft.IsFull; at = walk.Next())
        {
            ref var entry = ref entries[at];
            entry.IsTaken = true;
            taken++;
            AddCredentials(group, in entry, start, home);
        }

        draft.AppendFailedRecently();
        LeaveOutTheRest(group, entries, entries.Length - taken);
        if (!group.Demands.Preferences.AllowFallbacks && group.Demands.Order.Count == 0)
        {
            draft.KeepFirstEndpoint(start);
        }

        if (group.Considered == 1 && !group.IsFallback(in entries[0]))
        {
            draft.NameOnly();
        }

        group.Clear();
    }

    private static void LeaveOutTheRest(EndpointGroup group, Span<Entry> entries, int rest)
    {
        var toName = Math.Min(rest, MostNamed);
        for (var i = 0; toName > 0; i++)
        {
            if (!entries[i].IsTaken)
            {
                group.Draft.LeaveOut(group.FactsOf(in entries[i]).Endpoint.Id, PlanDraft.FurtherDown);
                toName--;
            }
        }

        if (rest > MostNamed)
        {
            group.Draft.LeaveOut("…", $"{PlanDraft.Number(rest - MostNamed)} more are {PlanDraft.FurtherDown}");
        }
    }

    /// <summary>Places the session's own endpoint and credential, where both are well; null where there are none such.</summary>
    private Home? HomeOf(EndpointGroup group)
    {
        if (!group.SessionsStay || group.Draft.IsFull || group.Demands.Request.Session is not { Length: > 0 } session
            || (group.Homes ??= affinity.Homes(session))(group.First!.Model.Id) is not { } place)
        {
            return null;
        }

        foreach (ref var entry in group.Entries)
        {
            var facts = group.FactsOf(in entry);
            var endpoint = facts.Endpoint;
            if (endpoint.Id != place.Endpoint || endpoint.Model.Id != group.First.Model.Id || !EndpointOrder.IsNotLater(entry.Rank))
            {
                continue;
            }

            if (group.Demands.Order.Count > 0 && !EndpointOrder.IsListed(entry.Rank, group.Demands))
            {
                // Its home is what the order leaves for the end: the order decides. Within the order a warm cache does, or naming an order would cost it.
                return null;
            }

            var credential = Find(facts.Provider.Credentials, place.Credential);
            if (credential?.Id != place.Credential || health.Excluded(endpoint, credential) is not null || health.FailedRecently(endpoint, credential))
            {
                return null;
            }

            if (group.Sort == RouteSort.Price && Cheapest(group, endpoint, place.CachedTokens) is { } comparison)
            {
                group.Draft.Moving ??= comparison;
                if (!comparison.IsWorthStaying)
                {
                    return null;
                }
            }

            group.Draft.Add(new Candidate(endpoint, facts.Provider, credential, "session stays"));
            return new Home(endpoint, credential);
        }

        return null;
    }

    /// <summary>The cheapest for this request of those who can be asked instead, against the session's home; null where there is none with a known price.</summary>
    private WarmComparison? Cheapest(EndpointGroup group, ModelEndpoint home, long cachedTokens)
    {
        WarmComparison? cheapest = null;
        var needs = group.Demands.Request.Needs;
        foreach (ref var entry in group.Entries)
        {
            var facts = group.FactsOf(in entry);
            var endpoint = facts.Endpoint;
            if (!ReferenceEquals(endpoint, home) && endpoint.Model.Id == home.Model.Id && EndpointOrder.IsNotLater(entry.Rank)
                && !health.FailedRecently(endpoint) && CanBeAsked(endpoint, facts.Provider)
                && WarmPrice.Compare(home, cachedTokens, endpoint, needs.InputTokens, needs.OutputTokens) is { } one
                && (cheapest is null || one.Elsewhere < cheapest.Elsewhere))
            {
                cheapest = one;
            }
        }

        return cheapest;
    }

    private bool CanBeAsked(ModelEndpoint endpoint, ProviderSettings provider)
    {
        if (provider.Credentials.Count == 0)
        {
            return health.Excluded(endpoint, credential: null) is null;
        }

        for (var i = 0; i < provider.Credentials.Count; i++)
        {
            if (health.Excluded(endpoint, provider.Credentials[i]) is null)
            {
                return true;
            }
        }

        return false;
    }

    private static Credential? Find(IReadOnlyList<Credential> credentials, string? id)
    {
        for (var i = 0; i < credentials.Count; i++)
        {
            if (credentials[i].Id == id)
            {
                return credentials[i];
            }
        }

        return null;
    }

    private void AddCredentials(EndpointGroup group, in Entry entry, int start, Home? home)
    {
        var draft = group.Draft;
        var (endpoint, provider) = (group.FactsOf(in entry).Endpoint, group.FactsOf(in entry).Provider);
        var credentials = provider.Credentials;
        var count = Math.Max(1, credentials.Count);
        var first = count == 1 ? 0 : FirstCredential(group.Demands.Request.Session, (uint)count);
        for (var i = 0; i < count; i++)
        {
            var credential = credentials.Count == 0 ? null : credentials[(int)((first + (uint)i) % (uint)count)];
            if (home is { } placed && ReferenceEquals(placed.Endpoint, endpoint) && ReferenceEquals(placed.Credential, credential))
            {
                continue;
            }

            if (health.Excluded(endpoint, credential) is { } exclusion)
            {
                draft.Exclude(new Candidate(endpoint, provider, credential, "probe of an open circuit"), exclusion, health.WordsFor(endpoint, credential), time.GetUtcNow());
            }
            else if (health.FailedRecently(endpoint, credential))
            {
                draft.PutLast(new Candidate(endpoint, provider, credential, "failed recently"));
            }
            else
            {
                draft.Add(new Candidate(endpoint, provider, credential, ReasonOf(group, in entry, endpoint, start)));
            }
        }
    }

    private static string ReasonOf(EndpointGroup group, in Entry entry, ModelEndpoint endpoint, int start)
    {
        var candidates = group.Draft.Candidates;
        return group.IsFallback(in entry) ? "fallback model"
            : candidates.Count > start && ReferenceEquals(candidates[^1].Endpoint, endpoint) ? "next credential"
            : EndpointOrder.IsListed(entry.Rank, group.Demands) ? "named in provider.order"
            : group.ToolStandingOf(in entry).Standing == ToolStanding.Worse ? "worse tool calls than others"
            : candidates.Count > start ? "next in order"
            : SortChoice.Reason(entry.Key <= ToolStandings.KnownKey ? RouteSort.Exacto : group.OrdinarySort, entry.Key);
    }

    // A session always begins with the same credential, everybody else takes turns.
    private uint FirstCredential(string? session, uint count) =>
        (session is { Length: > 0 } ? StableHash(session) : Interlocked.Increment(ref _turn)) % count;

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

    /// <summary>Numbers for one decision that no other decision gets: what is not drawn is skipped.</summary>
    private Draw NextDraw(int entries)
    {
        var step = unchecked(Draw.Step * (entries + PriceDraw.MostDraws + 8));
        return new Draw((ulong)unchecked(Interlocked.Add(ref _random, step) - step));
    }

    private readonly record struct Home(ModelEndpoint Endpoint, Credential? Credential);
}
