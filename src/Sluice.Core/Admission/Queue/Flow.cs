namespace Sluice.Core.Admission.Queue;

/// <summary>In whose name a request waits: shares are given to classes, within a class to owners, within an owner to sessions.</summary>
/// <param name="Owner">Whom shares are equal between: the user, team, project or key.</param>
/// <param name="Session">The agent conversation; null: all such requests of the owner are one.</param>
/// <param name="IsBackground">Nobody looks at a screen for it.</param>
public sealed record Flow(string Owner, string? Session, bool IsBackground);
