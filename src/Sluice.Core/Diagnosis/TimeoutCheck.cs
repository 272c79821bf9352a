using Sluice.Core.Configuration;

namespace Sluice.Core.Diagnosis;

/// <summary>
/// Does whoever waits outermost wait longest: client, then Sluice, then what Sluice allows the provider? In another order the outer one gives
/// up first, and what the inner one would have mended, or said, is lost.
/// </summary>
internal static class TimeoutCheck
{
    private const string Check = "timeouts";

    // What clients do without settings of their own: how long they stand the silence of a stream, and how long a whole answer may take.
    private static readonly (string Client, TimeSpan Silence)[] Clients =
    [
        ("openclaw", TimeSpan.FromSeconds(120)), ("qwen-code", TimeSpan.FromSeconds(240)), ("claude-code", TimeSpan.FromSeconds(300)),
        ("codex", TimeSpan.FromSeconds(300)), ("gemini-cli", TimeSpan.FromSeconds(300)), ("opencode", TimeSpan.FromSeconds(300)),
    ];

    private static readonly TimeSpan WholeAnswer = TimeSpan.FromSeconds(600);

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        var wrong = OfClients(facts.Configuration).Concat(OfRequests(facts.Configuration)).Concat(facts.Configuration.Providers.SelectMany(OfProvider)).ToList();
        return wrong.Count > 0 ? wrong : [new CheckLine(Check, Verdict.Ok, Order(facts.Configuration))];
    }

    private static IEnumerable<CheckLine> OfClients(ConfigSnapshot snapshot)
    {
        foreach (var (name, silence) in ((string, TimeSpan)[])[("after", snapshot.KeepAlive.After), ("every", snapshot.KeepAlive.Every)])
        {
            var gone = Clients.Where(client => client.Silence <= silence).ToList();
            if (gone.Count > 0)
            {
                yield return new(Check, Verdict.Fail,
                    $"Silent streams get a sign of life only after {Wording.Seconds(silence)} (keepalive.{name}); {Wording.Names(gone.Select(client => $"{client.Client} gives up after {Wording.Seconds(client.Silence)}"))}.",
                    $"Set keepalive.{name} well below {Wording.Seconds(gone.Min(client => client.Silence))}; 20s is the default of keepalive.after, 15s of keepalive.every.");
            }
        }
    }

    // The deadline of a whole request, where there is one.
    private static IEnumerable<CheckLine> OfRequests(ConfigSnapshot snapshot)
    {
        var deadline = snapshot.RequestTimeout;
        if (deadline > WholeAnswer)
        {
            yield return new(Check, Verdict.Fail,
                $"A request may take {Wording.Seconds(deadline)} (timeouts.request), and clients give up on an answer in one piece after {Wording.Seconds(WholeAnswer)}.",
                $"Set timeouts.request to at most {Wording.Seconds(WholeAnswer)}.");
        }

        var slow = deadline == TimeSpan.Zero ? [] : snapshot.Providers.Where(provider => FirstToken(provider) > deadline).ToList();
        if (slow.Count > 0)
        {
            yield return new(Check, Verdict.Fail,
                $"{Wording.Names(slow.Select(provider => provider.Name))} may be silent for {Wording.Seconds(slow.Max(FirstToken))} (timeouts.first_token), and a request ends after {Wording.Seconds(deadline)} (timeouts.request): nobody else is asked in time.",
                "Set their timeouts.first_token to half of timeouts.request, so that a second provider has a turn.");
        }
    }

    private static TimeSpan FirstToken(ProviderSettings provider) => provider.Timeouts.FirstToken ?? TimeSpan.FromSeconds(300);

    private static IEnumerable<CheckLine> OfProvider(ProviderSettings provider)
    {
        var timeouts = provider.Timeouts;
        if (timeouts.FirstToken is { } whole && whole > WholeAnswer)
        {
            yield return new(Check, Verdict.Fail,
                $"{provider.Name}: an answer in one piece may take {Wording.Seconds(whole)} (timeouts.first_token), and clients give up after {Wording.Seconds(WholeAnswer)}: they ask again, and both are charged.",
                $"Set timeouts.first_token of {provider.Name} to at most {Wording.Seconds(WholeAnswer)}.");
        }

        foreach (var (name, inner) in ((string, TimeSpan?)[])[("connect", timeouts.Connect), ("first_token", timeouts.FirstToken), ("idle", timeouts.Idle)])
        {
            if (inner > timeouts.Total)
            {
                yield return new(Check, Verdict.Fail,
                    $"{provider.Name}: timeouts.{name} is {Wording.Seconds(inner.Value)}, longer than timeouts.total ({Wording.Seconds(timeouts.Total)}), which ends the attempt first.",
                    $"Set timeouts.{name} of {provider.Name} below timeouts.total.");
            }
        }
    }

    private static string Order(ConfigSnapshot snapshot)
    {
        var providers = snapshot.Providers
            .GroupBy(provider => $"{Wording.Seconds(FirstToken(provider))} to the first content, then {Wording.Seconds(provider.Timeouts.Idle)} of silence", StringComparer.Ordinal)
            .Select(group => $"{Wording.Names(group.Select(provider => provider.Name))} may take {group.Key}");
        return $"Clients stand {Wording.Seconds(Clients.Min(client => client.Silence))} of silence or more and hear from Sluice after {Wording.Seconds(snapshot.KeepAlive.After)}; {string.Join("; ", providers)}.";
    }
}
