using System.Globalization;
using Sluice.Core.Affinity;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;

namespace Sluice.Core.Routing;

/// <summary>A plan in the making.</summary>
internal sealed class PlanDraft
{
    /// <summary>Why an endpoint is left out that stands behind the last candidate.</summary>
    public const string FurtherDown = "further down than a plan goes";

    /// <summary>Why a candidate is asked that another request's probe keeps this one out of.</summary>
    public const string AfterProbe = "after another request's probe";

    private const int MostLeftOut = 64;

    private readonly List<Candidate> _candidates = [];
    private List<LeftOutEndpoint>? _leftOut;
    private List<Candidate>? _failedRecently;
    private List<Candidate>? _askable;
    private List<Candidate>? _probed;
    private List<string>? _notes;
    private int _unnamed;

    public IReadOnlyList<Candidate> Candidates => _candidates;

    public int Count => _candidates.Count;

    public Candidate Last => _candidates[^1];

    public bool IsFull => _candidates.Count >= Planner.MostCandidates;

    public IReadOnlyList<string> Notes => _notes is null ? [] : _notes;

    /// <summary>Some name of the request meant a model.</summary>
    public bool AnyKnown { get; set; }

    /// <summary>How the endpoints of the model asked for are sorted; null where there is nothing to sort.</summary>
    public RouteSort? Sort { get; set; }

    public bool AnyDead { get; private set; }

    public bool AnyOpen { get; private set; }

    /// <summary>The shortest rest of all that cools down or is open.</summary>
    public TimeSpan? FreeAgainIn { get; private set; }

    /// <summary>What leaving the session's warm cache would cost; null where that was not looked at.</summary>
    public WarmComparison? Moving { get; set; }

    /// <summary>What the last of the excluded to fail was told.</summary>
    public LastWords? Words { get; private set; }

    /// <summary>Makes room at once for endpoints that are to be placed: growing towards it would cost more than all else that is done with a list.</summary>
    /// <param name="endpoints">How many.</param>
    /// <param name="leftOut">How many of them are usually named as left out, where a plan cannot take all.</param>
    public void Expect(int endpoints, int leftOut)
    {
        _candidates.EnsureCapacity(Math.Min(Count + endpoints, Planner.MostCandidates));
        if (endpoints > Planner.MostCandidates)
        {
            _leftOut ??= new List<LeftOutEndpoint>(leftOut);
        }
    }

    public void LeaveOut(string endpoint, string why)
    {
        _leftOut ??= new List<LeftOutEndpoint>(MostLeftOut + 1);
        if (_leftOut.Count < MostLeftOut)
        {
            _leftOut.Add(new LeftOutEndpoint(endpoint, why));
        }
        else
        {
            _unnamed++;
        }
    }

    /// <summary>Whoever is left out next is named.</summary>
    public bool HasRoomForNames => _leftOut is not { Count: >= MostLeftOut };

    /// <summary>Counts endpoints that there is no room to name.</summary>
    public void LeaveOutUnnamed(int count) => _unnamed += count;

    /// <summary>Every endpoint left out so far; of very many the first ones and a count.</summary>
    public IReadOnlyList<LeftOutEndpoint> LeftOut()
    {
        if (_unnamed > 0)
        {
            _leftOut!.Add(new LeftOutEndpoint("…", $"{Number(_unnamed)} further endpoints"));
            _unnamed = 0;
        }

        return _leftOut is null ? [] : _leftOut;
    }

    public void Note(IReadOnlyList<string> notes)
    {
        foreach (var note in notes)
        {
            if (_notes is null || !_notes.Contains(note))
            {
                (_notes ??= []).Add(note);
            }
        }
    }

    public void Add(Candidate candidate)
    {
        if (IsFull)
        {
            LeaveOut(candidate.Endpoint.Id, FurtherDown);
        }
        else
        {
            _candidates.Add(candidate);
        }
    }

    /// <summary>Keeps a candidate for the end of its group.</summary>
    public void PutLast(Candidate candidate) => (_failedRecently ??= []).Add(candidate);

    public void AppendFailedRecently()
    {
        foreach (var candidate in _failedRecently ?? [])
        {
            Add(candidate);
        }

        _failedRecently?.Clear();
    }

    /// <summary>Says of a single candidate that it is one.</summary>
    public void NameOnly()
    {
        if (_candidates is [{ Reason: not ("failed recently" or "session stays") } only])
        {
            _candidates[0] = only with { Reason = "only endpoint" };
        }
    }

    /// <summary>Of a group, keeps the first endpoint alone.</summary>
    public void KeepFirstEndpoint(int start)
    {
        for (var i = _candidates.Count - 1; i > start; i--)
        {
            if (!ReferenceEquals(_candidates[i].Endpoint, _candidates[start].Endpoint))
            {
                LeaveOut(_candidates[i].Endpoint.Id, "allow_fallbacks is false: only the best endpoint");
                _candidates.RemoveAt(i);
            }
        }
    }

    /// <param name="candidate">Who could have been asked.</param>
    /// <param name="exclusion">Why not now.</param>
    /// <param name="words">What it said when it last failed.</param>
    /// <param name="now">UTC.</param>
    public void Exclude(Candidate candidate, Exclusion exclusion, LastWords? words, DateTimeOffset now)
    {
        Words = LastWords.Later(Words, words);
        var endpoint = candidate.Endpoint;
        var whose = candidate.Credential is { } credential ? $"credential {credential.Id}" : "the endpoint";
        if (exclusion.Cause == ExclusionCause.Dead)
        {
            AnyDead = true;
            LeaveOut(endpoint.Id, $"{whose} was refused by the provider; it stays out until its configuration changes");
            return;
        }

        AnyOpen |= exclusion.Cause == ExclusionCause.Circuit;
        var first = exclusion.FreeFrom;
        if (first <= now)
        {
            (_askable ??= []).Add(candidate);
        }
        else if (exclusion.IsProbed)
        {
            (_probed ??= []).Add(candidate with { Reason = AfterProbe });
        }

        FreeAgainIn = FreeAgainIn is { } other && other < first - now ? other : first - now;
        LeaveOut(endpoint.Id, exclusion.Cause == ExclusionCause.Circuit
            ? $"{whose} failed too often: its circuit is open, {Seconds(exclusion.Until - now)} s until the next probe"
            : $"{whose} is cooling down at the provider's wish, {Seconds(exclusion.Until - now)} s left");
    }

    /// <summary>
    /// A circuit that has grown long keeps requests away that can go elsewhere; with nowhere else to go, asking is better than refusing, and where
    /// another request asks already, so is waiting for what it hears.
    /// </summary>
    public void AskOpenCircuits()
    {
        if (Count > 0)
        {
            return;
        }

        foreach (var candidate in _askable ?? _probed ?? [])
        {
            Add(candidate);
        }
    }

    public static string Seconds(TimeSpan span) => Math.Max(1, Math.Ceiling(span.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture);

    public static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);
}
