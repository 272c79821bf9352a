using Sluice.Core.Admission;
using Sluice.Core.Admission.Leases;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Nodes;
using Sluice.Core.Reasoning;

namespace Sluice.Storage;

/// <summary>A database with everything that Sluice keeps, whatever it is made of. Owns its connections.</summary>
internal interface IStore : IAsyncDisposable
{
    /// <summary>Where it is, without what would open it: a path, or host and database.</summary>
    string Shown { get; }

    /// <summary>Takes what the journal holds.</summary>
    ILedgerSink Ledger { get; }

    /// <summary>Answers about it.</summary>
    ILedgerQueries Queries { get; }

    /// <summary>Keys, users, teams and projects.</summary>
    IIdentityStore Identity { get; }

    /// <summary>Kept thinking.</summary>
    IReasoningStore Reasoning { get; }

    /// <summary>Where sessions are at home.</summary>
    ISessionStore Sessions { get; }

    /// <summary>Limits that people set.</summary>
    ILimitStore Limits { get; }

    /// <summary>Budgets that people set.</summary>
    IBudgetStore Budgets { get; }

    /// <summary>What nodes have together; null where no other process can have this store.</summary>
    ISharedStore? Shared { get; }

    /// <summary>How nodes share limits; null where no other process can have this store.</summary>
    LimitShare? LimitShare { get; }

    /// <summary>How nodes share budgets; null where no other process can have this store.</summary>
    BudgetShare? BudgetShare { get; }
}
