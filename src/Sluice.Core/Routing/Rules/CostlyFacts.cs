namespace Sluice.Core.Routing.Rules;

/// <summary>Facts that nobody pays for while no expression names them.</summary>
[Flags]
internal enum CostlyFacts
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>The canonical id of the request's model.</summary>
    CanonicalModel = 1,

    /// <summary>The task, for which the body is read.</summary>
    Task = 2,
}
