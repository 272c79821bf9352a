using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Core.Nodes;
using Sluice.Storage.Identity;

namespace Sluice.Server.Hosting;

/// <summary>What a node does because others stand beside it.</summary>
internal static class SharedNodes
{
    /// <summary>Has what people change on any node come into force here.</summary>
    /// <returns>Ends it; before anything that follows is closed.</returns>
    public static IAsyncDisposable Follow(ISharedStore shared, IdentityDirectory keys, LimitDirectory limits, BudgetDirectory budgets)
    {
        shared.Follow(ChangeKind.Keys, keys.RefreshAsync);
        shared.Follow(ChangeKind.Limits, limits.RefreshAsync);
        shared.Follow(ChangeKind.Budgets, budgets.OpenAsync);
        return shared.Start();
    }

    /// <summary>What seals the ids of jobs: of this data folder, or of all nodes, so that a job may be asked for at any. The first node of a database gives it its own.</summary>
    public static async Task<byte[]> JobSecretAsync(ISharedStore? shared, string dataFolder) =>
        shared is null ? JobKeyFile.Ensure(dataFolder) : await shared.SecretAsync("jobs", () => JobKeyFile.Ensure(dataFolder), CancellationToken.None);
}
