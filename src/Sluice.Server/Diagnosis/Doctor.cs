using Sluice.Core.Configuration;
using Sluice.Core.Diagnosis;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Server.Admin;
using Sluice.Server.Operations;
using Sluice.Storage.Identity;

namespace Sluice.Server.Diagnosis;

/// <summary>Goes through the production checklist with what a running Sluice knows.</summary>
/// <param name="configuration">In force.</param>
/// <param name="directory">Client keys.</param>
/// <param name="ring">Judges the key that was asked about.</param>
/// <param name="ledger">What was used.</param>
/// <param name="status">Which provider credentials are refused.</param>
/// <param name="reachability">Who can be reached.</param>
/// <param name="time">The ledger is read back from now.</param>
internal sealed class Doctor(Func<ConfigSnapshot> configuration, IdentityDirectory directory, IKeyRing ring, ILedgerQueries ledger, IStatusSource status, Reachability reachability, TimeProvider time)
{
    /// <summary>The checklist of the Sluice that runs.</summary>
    public async Task<DoctorAnswer> ExamineAsync(DoctorQuestion question, CancellationToken cancellation)
    {
        var facts = Facts(configuration(), question) with { Running = await ReadAsync(question.ClientKey, cancellation) };
        return DoctorAnswer.Of(facts, Own(question));
    }

    internal static ChecklistFacts Facts(ConfigSnapshot configuration, DoctorQuestion question) =>
        new(configuration) { Models = question.Models ?? [], CanServeMetrics = OperationsApi.Matches("/metrics") };

    internal static IEnumerable<CheckLine> Own(DoctorQuestion question) => (question.Lines ?? []).Select(line => line.ToLine());

    private async Task<RunningFacts> ReadAsync(string? askedKey, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var since = now.AddDays(-RunningFacts.Days);
        var uses = await ledger.ReportAsync(new ReportQuery([ReportDimension.Key, ReportDimension.Client], since, now), cancellation);
        var models = await ledger.ReportAsync(new ReportQuery([ReportDimension.Model], since, now), cancellation);
        return new RunningFacts
        {
            Keys = [.. (await directory.ListKeysAsync(cancellation)).Select(key => new ClientKey(key.Id, key.User, StateOf(key, now)))],
            AskedKey = askedKey is null ? null : ring.Find(askedKey).State,
            DeadCredentials = [.. status.Read().Providers.SelectMany(provider => provider.Credentials).Where(credential => credential.State == "dead").Select(credential => credential.Id)],
            Uses = [.. uses.Rows.Where(row => row.Keys[0] is not null).Select(row => new KeyUse(row.Keys[0]!, row.Keys[1], row.Requests))],
            Models = [.. models.Rows.Where(row => row.Keys[0] is not null).Select(row => new ModelUse(row.Keys[0]!, row.Requests, row.CostNanoUsd, row.Unpriced))],
            Nodes = [.. status.Read().Nodes.Select(node => new NodeFact(node.Host, node.Version))],
            Reached = await reachability.CheckAsync(cancellation),
            UnknownModels = await ledger.UnknownModelsAsync(since, cancellation),
        };
    }

    private static KeyState StateOf(KeyRecord key, DateTimeOffset now) =>
        key.RevokedAt is not null ? KeyState.Revoked : key.ExpiresAt <= now ? KeyState.Expired : KeyState.Valid;
}
