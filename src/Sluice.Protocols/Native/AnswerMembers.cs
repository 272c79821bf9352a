namespace Sluice.Protocols.Native;

/// <summary>Where a format's answers say which answer they are and what it took: the members that an answer sent a second time must say anew. They stand at the top, or in one object there.</summary>
/// <param name="Id">A text.</param>
/// <param name="Created">Unix seconds; null where the format has none.</param>
/// <param name="Usage">An object of counts.</param>
public sealed record AnswerMembers(string Id, string? Created, string Usage)
{
    /// <summary>The object at the top of some events that holds them as well; null where they stand at the top alone.</summary>
    public string? Inside { get; init; }

    /// <summary>What a router tells of one call, which an answer sent again leaves out.</summary>
    public string RouterMetadata { get; init; } = "openrouter_metadata";
}
