using System.Globalization;
using Sluice.Core.Configuration;
using Sluice.Core.Identity;

namespace Sluice.Core.Diagnosis;

/// <summary>Do the keys work: those of the providers, and those of the clients?</summary>
internal static class KeyCheck
{
    private const string Check = "key";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts) => [.. OfProviders(facts), .. OfClients(facts)];

    private static IEnumerable<CheckLine> OfProviders(ChecklistFacts facts)
    {
        var providers = facts.Configuration.Providers;
        if (providers.All(provider => provider.Kind == ProviderKind.Simulator))
        {
            yield return new(Check, Verdict.Warn, "Only the built-in simulator answers: no provider's key was found.", "Put a provider's key into the environment or .env (ANTHROPIC_API_KEY, OPENAI_API_KEY, …), or list the provider in sluice.yaml.");
            yield break;
        }

        var dead = facts.Running?.DeadCredentials ?? [];
        foreach (var id in dead)
        {
            yield return new(Check, Verdict.Fail, $"The provider refuses the key {id}.", "Replace it in the configuration; it is used again as soon as the file is saved.");
        }

        foreach (var provider in providers.Where(LacksKey))
        {
            yield return new(Check, Verdict.Fail, $"Provider {provider.Name} has no key, and {provider.BaseUrl.Host} is not this machine.", $"Give {provider.Name} its api_keys.");
        }

        var keys = providers.Sum(provider => provider.Credentials.Count);
        if (dead.Count == 0 && !providers.Any(LacksKey))
        {
            yield return new(Check, Verdict.Ok, $"{Wording.Count(keys, "provider key")} for {Wording.Count(providers.Count, "provider")}{(facts.Running is null ? "; whether they are taken is not known here" : ", none refused")}.");
        }
    }

    private static bool LacksKey(ProviderSettings provider) =>
        provider.Credentials.Count == 0 && provider.Cloud is null && provider.Kind != ProviderKind.Simulator && !provider.BaseUrl.IsLoopback;

    private static IEnumerable<CheckLine> OfClients(ChecklistFacts facts)
    {
        if (facts.Running is not { } running)
        {
            yield break;
        }

        if (running.AskedKey is { } asked)
        {
            yield return asked switch
            {
                KeyState.Valid => new(Check, Verdict.Ok, "The key that you gave is taken."),
                KeyState.Revoked => new(Check, Verdict.Fail, "The key that you gave is revoked.", "Make another: sluice keys create --user NAME."),
                KeyState.Expired => new(Check, Verdict.Fail, "The key that you gave has expired.", "Make another: sluice keys create --user NAME."),
                _ => new(Check, Verdict.Fail, "The key that you gave is none of this Sluice's.", "Use a key made by sluice keys create, not a provider's key."),
            };
        }

        if (facts.Configuration.Auth.Open)
        {
            yield return new(Check, Verdict.Ok, "Clients need no key (auth.mode is open); only this machine can reach it.");
            yield break;
        }

        var (valid, revoked, expired) = (Number(KeyState.Valid), Number(KeyState.Revoked), Number(KeyState.Expired));
        var counted = string.Create(CultureInfo.InvariantCulture, $"{Wording.Count(valid, "client key")} valid, {revoked} revoked, {expired} expired.");
        yield return valid == 0
            ? new(Check, Verdict.Fail, counted, "Make one: sluice keys create --user NAME.")
            : new(Check, Verdict.Ok, counted);

        int Number(KeyState state) => running.Keys.Count(key => key.State == state);
    }
}
