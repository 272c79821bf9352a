namespace Sluice.Core.Diagnosis;

/// <summary>Where several nodes share a database: which run, and are they of one version? Two that differ share what only one of them knows.</summary>
internal static class NodeCheck
{
    private const string Check = "nodes";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        var nodes = facts.Running?.Nodes ?? [];
        if (nodes.Count == 0)
        {
            yield break;
        }

        var hosts = Wording.Names(nodes.Select(node => node.Host));
        var versions = nodes.Select(node => node.Version).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        yield return versions.Count == 1
            ? new(Check, Verdict.Ok, $"{Wording.Count(nodes.Count, "node")} of version {versions[0]} on this database: {hosts}.")
            : new(Check, Verdict.Warn, $"{Wording.Count(nodes.Count, "node")} on this database ({hosts}) run different versions: {Wording.Names(versions)}.", "Bring all nodes to the newest of these versions.");
    }
}
