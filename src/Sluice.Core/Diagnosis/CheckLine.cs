namespace Sluice.Core.Diagnosis;

/// <summary>How one thing stands.</summary>
public enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Works, and should not be left like this.</summary>
    Warn,

    /// <summary>Does not work, or will not when it is needed.</summary>
    Fail,
}

/// <summary>One line of the production checklist.</summary>
/// <param name="Check">What was looked at: <c>key</c>, <c>models</c>, <c>rate limits</c>, …</param>
/// <param name="Verdict">How it stands.</param>
/// <param name="Found">What was found, with its numbers; a sentence.</param>
/// <param name="Remedy">What to do, one sentence; null only where nothing is needed.</param>
public sealed record CheckLine(string Check, Verdict Verdict, string Found, string? Remedy = null);
