using Sluice.Core.Configuration;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;

namespace Sluice.Core.Diagnosis;

/// <summary>What the checklist looks at.</summary>
/// <param name="Configuration">In force, or that would be.</param>
public sealed record ChecklistFacts(ConfigSnapshot Configuration)
{
    /// <summary>Model names that somebody means to ask for.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>This version serves <c>/metrics</c> where the configuration does not turn it off.</summary>
    public bool CanServeMetrics { get; init; }

    /// <summary>What only a Sluice that runs knows; null where none does.</summary>
    public RunningFacts? Running { get; init; }
}

/// <summary>What keys, health and ledger of a running Sluice say. Everything of the ledger is of the last <see cref="Days"/> days.</summary>
public sealed record RunningFacts
{
    /// <summary>How far back the ledger was read.</summary>
    public const int Days = 7;

    /// <summary>All client keys.</summary>
    public IReadOnlyList<ClientKey> Keys { get; init; } = [];

    /// <summary>What the key that was asked about is; null where none was.</summary>
    public KeyState? AskedKey { get; init; }

    /// <summary>Ids of provider credentials that their providers refuse.</summary>
    public IReadOnlyList<string> DeadCredentials { get; init; } = [];

    /// <summary>Which programs used which key.</summary>
    public IReadOnlyList<KeyUse> Uses { get; init; } = [];

    /// <summary>What was spent on which model.</summary>
    public IReadOnlyList<ModelUse> Models { get; init; } = [];

    /// <summary>Who can be reached, as it was just tried; empty where nobody was asked.</summary>
    public IReadOnlyList<Reach> Reached { get; init; } = [];

    /// <summary>Names that clients asked for and that meant nothing.</summary>
    public IReadOnlyList<UnknownModel> UnknownModels { get; init; } = [];

    /// <summary>The nodes that share the database, this one included; empty where this process has its store alone.</summary>
    public IReadOnlyList<NodeFact> Nodes { get; init; } = [];
}

/// <summary>One running Sluice.</summary>
/// <param name="Host">Name of its machine.</param>
/// <param name="Version">Of Sluice.</param>
public sealed record NodeFact(string Host, string Version);

/// <summary>Whether one provider was reached with one credential.</summary>
/// <param name="Provider">Slug.</param>
/// <param name="Credential">Its id; null where the provider needs none, or signs in otherwise.</param>
/// <param name="State"><c>ok</c>: reached, and the key is taken. <c>reached</c>: no free call tells of the key. Else what is in the way: <c>dns</c>, <c>connect</c>, <c>tls</c>, <c>proxy</c>, <c>cut</c>, <c>timeout</c>, <c>auth</c>, <c>region</c>, <c>credit</c>, <c>limited</c>, <c>outage</c>, <c>bad_response</c>.</param>
/// <param name="Milliseconds">Until that was known.</param>
/// <param name="Detail">What went wrong, one sentence, secrets removed; null where nothing did.</param>
/// <param name="Remedy">What to do; null where nothing is needed.</param>
public sealed record Reach(string Provider, string? Credential, string State, long Milliseconds, string? Detail, string? Remedy);

/// <summary>A client key without its secret.</summary>
/// <param name="Id">Safe to show.</param>
/// <param name="User">Whose.</param>
/// <param name="State">Never <see cref="KeyState.Unknown"/>.</param>
public sealed record ClientKey(string Id, string User, KeyState State);

/// <summary>One program that used a key.</summary>
/// <param name="KeyId">Safe to show.</param>
/// <param name="Client"><c>claude-code</c>, or what the user agent said; null where it said nothing.</param>
/// <param name="Requests">How often.</param>
public sealed record KeyUse(string KeyId, string? Client, long Requests);

/// <summary>What one model was used for.</summary>
/// <param name="Model">Canonical.</param>
/// <param name="Requests">How often.</param>
/// <param name="CostNanoUsd">What is known of the cost.</param>
/// <param name="Unpriced">Attempts whose tokens have no known price.</param>
public sealed record ModelUse(string Model, long Requests, long CostNanoUsd, long Unpriced);
