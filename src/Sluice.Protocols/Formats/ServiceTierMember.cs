namespace Sluice.Protocols.Formats;

/// <summary>The member of a request body that names its service tier. <c>flex</c> and <c>priority</c> are the same words everywhere.</summary>
/// <param name="Name">Of the member.</param>
/// <param name="Ordinary">The word for neither.</param>
public sealed record ServiceTierMember(string Name, string Ordinary);
