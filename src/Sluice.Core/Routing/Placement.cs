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
    // Of hundreds that are further down than a plan goes, the ledger needs no row each: one more line counts the others.
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
        draft.Expect(entries.Length, MostNamed + 2);
        var walk = new BestFirst(entries);
        EndpointOrder.Apply(group, ref draw, ref walk);
        var home = HomeOf(group);
        var taken = 0;
        while (!draft.IsFull && walk.Next() is >= 0 and var at)
        {
            taken++;
            AddCredentials(group, in entries[at], start, home);
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
        if (rest == 0)
        {
            return;
        }

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
            group.Draft.LeaveOut("…", PlanDraft.Number(rest - MostNamed) + " more are " + PlanDraft.FurtherDown);
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

        var at = group.FindFirsts(place.Endpoint);
        if (at < 0 || !MayStay(group, group.Entries[at].Rank))
        {
            return null;
        }

        var facts = group.FactsOf(in group.Entries[at]);
        var endpoint = facts.Endpoint;
        var credential = Find(facts.Credentials, place.Credential);
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

    // Where the request's order leaves the session's home for the end, the order decides. Within the order a warm cache does, or naming an order
    // would cost it.
    private static bool MayStay(EndpointGroup group, int rank) =>
        EndpointRanks.IsNotLater(rank) && (group.Demands.Order.Count == 0 || EndpointRanks.IsListed(rank, group.Demands));

    /// <summary>The cheapest for this request of those who can be asked instead, against the session's home; null where there is none with a known price.</summary>
    private WarmComparison? Cheapest(EndpointGroup group, ModelEndpoint home, long cachedTokens)
    {
        ModelEndpoint? cheapest = null;
        var least = double.PositiveInfinity;
        var needs = group.Demands.Request.Needs;
        var (cached, input, output) = WarmPrice.Split(cachedTokens, needs.InputTokens, needs.OutputTokens);
        foreach (ref var entry in group.Entries)
        {
            var facts = group.FactsOf(in entry);
            var endpoint = facts.Endpoint;
            if (facts.ColdPrice(cached, input, output) is var price && price < least
                && !ReferenceEquals(endpoint, home) && endpoint.Model.Id == home.Model.Id && EndpointRanks.IsNotLater(entry.Rank)
                && !health.FailedRecently(endpoint) && CanBeAsked(facts))
            {
                (cheapest, least) = (endpoint, price);
            }
        }

        return cheapest is null ? null : WarmPrice.Compare(home, cachedTokens, cheapest, needs.InputTokens, needs.OutputTokens);
    }

    private bool CanBeAsked(EndpointFacts facts)
    {
        foreach (var credential in facts.Credentials)
        {
            if (health.Excluded(facts.Endpoint, credential) is null)
            {
                return true;
            }
        }

        return false;
    }

    private static Credential? Find(Credential?[] credentials, string? id)
    {
        foreach (var credential in credentials)
        {
            if (credential?.Id == id)
            {
                return credential;
            }
        }

        return null;
    }

    private void AddCredentials(EndpointGroup group, in Entry entry, int start, Home? home)
    {
        var draft = group.Draft;
        var facts = group.FactsOf(in entry);
        var (endpoint, provider, credentials) = (facts.Endpoint, facts.Provider, facts.Credentials);
        var isCalm = health.IsCalm(endpoint);
        var first = credentials.Length == 1 ? 0 : FirstCredential(group.Demands.Request.Session, (uint)credentials.Length);
        for (var i = 0; i < credentials.Length; i++)
        {
            var credential = credentials[(int)((first + (uint)i) % (uint)credentials.Length)];
            if (home is { } placed && ReferenceEquals(placed.Endpoint, endpoint) && ReferenceEquals(placed.Credential, credential))
            {
                continue;
            }

            if (isCalm)
            {
                draft.Add(new Candidate(endpoint, provider, credential, ReasonOf(group, in entry, endpoint, start)));
            }
            else if (health.Excluded(endpoint, credential) is { } exclusion)
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
        var draft = group.Draft;
        return group.IsFallback(in entry) ? "fallback model"
            : draft.Count > start && ReferenceEquals(draft.Last.Endpoint, endpoint) ? "next credential"
            : EndpointRanks.IsListed(entry.Rank, group.Demands) ? "named in provider.order"
            : group.ToolStandingOf(in entry).Standing == ToolStanding.Worse ? "worse tool calls than others"
            : draft.Count > start ? "next in order"
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
