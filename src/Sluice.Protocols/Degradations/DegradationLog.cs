namespace Sluice.Protocols.Degradations;

/// <summary>Something that a translation dropped, weakened or emulated.</summary>
/// <param name="Feature">A dotted, stable name: <c>cache_control</c>, <c>tools.web_search</c>, <c>sampling.top_k</c>. Letters, digits, <c>_</c>, <c>.</c>, <c>-</c> only: it goes into a header.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Why">One sentence for people.</param>
public sealed record Degradation(string Feature, DegradationOutcome Outcome, string Why);

/// <summary>What became of a feature.</summary>
public enum DegradationOutcome
{
    /// <summary>Left out.</summary>
    Dropped,

    /// <summary>Carried with less force.</summary>
    Weakened,

    /// <summary>Carried by other means.</summary>
    Emulated,
}

/// <summary>Collects what one translation could not carry; bounded by its distinct features.</summary>
public sealed class DegradationLog
{
    // A client chooses some feature names (unknown members), so the log is bounded: beyond this the last entry says that there is more.
    private const int MaxEntries = 64;

    // Replaced as a whole: headers may be written from it (keep-alives open an answer) while a relay adds.
    private volatile Degradation[] _entries = [];

    /// <summary>In order of discovery, each feature once.</summary>
    public IReadOnlyList<Degradation> Entries => _entries;

    /// <summary>Notes one degradation; a feature already noted is not noted again.</summary>
    public void Add(string feature, DegradationOutcome outcome, string why)
    {
        if (_entries.Length >= MaxEntries || Array.Exists(_entries, e => e.Feature == feature))
        {
            return;
        }

        _entries = [.. _entries, _entries.Length == MaxEntries - 1
            ? new Degradation("more", DegradationOutcome.Dropped, "Further degradations are not listed.")
            : new Degradation(feature, outcome, why)];
    }
}
