namespace Sluice.Protocols.Native;

/// <summary>Where a conversation begins in its body: what stays the same from its first turn to its last.</summary>
/// <param name="System">The value of the format's own member for it (<c>system</c>, <c>instructions</c>, <c>systemInstruction</c>).</param>
/// <param name="First">The first element of the list of turns, or the turn that stands for the list.</param>
/// <param name="Second">The next.</param>
/// <param name="Third">The next.</param>
/// <param name="Fourth">The next.</param>
public readonly record struct OpeningSpans(BodySpan System, BodySpan First, BodySpan Second, BodySpan Third, BodySpan Fourth);
