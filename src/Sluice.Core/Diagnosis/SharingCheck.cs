using System.Globalization;
using Sluice.Core.Admission;
using Sluice.Core.Identity;

namespace Sluice.Core.Diagnosis;

/// <summary>Are several developers told apart? A key that everybody shares can neither be limited fairly nor be taken from one of them.</summary>
internal static class SharingCheck
{
    private const string Check = "developers";

    // One person may well have an agent and an editor; a third program is more often a second person.
    private const int ManyPrograms = 3;

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        if (facts.Running is not { } running)
        {
            yield break;
        }

        var shared = running.Uses
            .Where(use => use.Client is not null)
            .GroupBy(use => use.KeyId, StringComparer.Ordinal)
            .Select(group => (Key: group.Key, Clients: group.Select(use => use.Client!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()))
            .Where(use => use.Clients.Count >= ManyPrograms)
            .OrderBy(use => use.Key, StringComparer.Ordinal)
            .ToList();
        foreach (var (key, clients) in shared)
        {
            yield return new(Check, Verdict.Warn,
                string.Create(CultureInfo.InvariantCulture, $"{Whose(running, key)} was used by {clients.Count} programs in {RunningFacts.Days} days ({Wording.Names(clients)}): several people may share it."),
                "Give each developer a key: sluice keys create --user NAME.");
        }

        if (shared.Count == 0)
        {
            var valid = running.Keys.Where(key => key.State == KeyState.Valid).ToList();
            yield return new(Check, Verdict.Ok, $"{Wording.Count(valid.Count, "valid key")} of {Wording.Count(valid.Select(key => key.User).Distinct(StringComparer.Ordinal).Count(), "developer")}; none is used by {ManyPrograms} programs or more. Scarce quota is shared {Plan(facts)}.");
        }
    }

    private static string Plan(ChecklistFacts facts) => facts.Configuration.Admission.ShareBy switch
    {
        ShareBy.Team => "equally between teams",
        ShareBy.Project => "equally between projects",
        ShareBy.Key => "equally between keys",
        _ => "equally between developers",
    };

    private static string Whose(RunningFacts running, string key) =>
        running.Keys.FirstOrDefault(one => one.Id == key) is { } known ? $"Key {key} of {known.User}" : $"Key {key}";
}
