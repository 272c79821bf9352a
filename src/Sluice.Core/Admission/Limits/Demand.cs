namespace Sluice.Core.Admission.Limits;

/// <summary>What one request takes of limits, besides being one request: expected at its start, known at its end.</summary>
/// <param name="Input">Input tokens.</param>
/// <param name="Output">Output tokens.</param>
public readonly record struct Demand(long Input, long Output);
