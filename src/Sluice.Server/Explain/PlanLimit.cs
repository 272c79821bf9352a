namespace Sluice.Server.Explain;

/// <summary>Something that bounds a request whoever serves it; what bounds it at one provider stands with the candidate.</summary>
/// <param name="Whose">Who set it: <c>request</c>, <c>server</c>, or the owner of a limit (<c>key:…</c>, <c>user:…</c>).</param>
/// <param name="What">What is bounded, with its unit: <c>output_tokens</c>, <c>prompt_usd_per_million</c>.</param>
/// <param name="Most">How much is allowed.</param>
internal readonly record struct PlanLimit(string Whose, string What, decimal Most)
{
    /// <summary>How much of it is left now; null where it is not used up.</summary>
    public decimal? Left { get; init; }
}
