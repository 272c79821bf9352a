using Sluice.Protocols.Json;

namespace Sluice.Protocols.Schemas;

/// <summary>A schema in another dialect.</summary>
/// <param name="Schema">What the other side takes.</param>
/// <param name="Weakened">Keywords of the original that could not be said there, or not in full, in order of discovery: the result accepts what the original refuses.</param>
public readonly record struct ConvertedSchema(RawJson Schema, IReadOnlyList<string> Weakened)
{
    /// <summary>What follows it may hold nulls that the original refuses.</summary>
    public bool AddsNulls { get; init; }
}
