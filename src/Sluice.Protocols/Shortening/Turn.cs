using System.Text.Json;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Shortening;

/// <summary>Who speaks in one element of a conversation.</summary>
public enum TurnSide
{
    /// <summary>Instructions, and whatever a format cannot place: it stays where it is.</summary>
    Standing,

    /// <summary>The client: what its user says, what its tools found.</summary>
    Client,

    /// <summary>The model.</summary>
    Model,
}

/// <summary>What one element of a conversation is, as its format reads it.</summary>
/// <param name="Side">Who speaks.</param>
/// <param name="Calls">Names of the calls in it that wait for a result of the client's.</param>
/// <param name="Results">Names of the calls whose results it holds.</param>
public readonly record struct TurnFacts(TurnSide Side, IReadOnlyList<string> Calls, IReadOnlyList<string> Results)
{
    /// <summary>An element without calls and results.</summary>
    public TurnFacts(TurnSide side)
        : this(side, [], [])
    {
    }

    /// <summary>A text member; null where there is none.</summary>
    internal static string? Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The elements of an array member; none where there is none.</summary>
    internal static IEnumerable<JsonElement> Items(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];
}

/// <summary>One element of a conversation and where it stands in the body.</summary>
/// <param name="Span">Its bytes.</param>
/// <param name="Facts">What it is.</param>
public readonly record struct Turn(BodySpan Span, TurnFacts Facts);
