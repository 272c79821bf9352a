using Sluice.Core.Configuration;
using Sluice.Core.Diagnosis;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;
using Sluice.Upstreams;
using Sluice.Upstreams.Kinds;

namespace Sluice.Server.Diagnosis;

/// <summary>
/// Asks every provider, with each of its credentials, for something that costs nothing, through the same proxies as calls go. Only when somebody
/// asks: nothing probes in the background, and what is found here changes no one's health.
/// </summary>
internal sealed class Reachability(Func<ConfigSnapshot> configuration, UpstreamClient upstreams, TimeProvider time)
{
    private const int AtOnce = 8;
    private const int Most = 64;

    // Within what the admin API lets an answer take.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>One entry for each provider and credential, in configured order; at most 64, and within ten seconds.</summary>
    public async Task<IReadOnlyList<Reach>> CheckAsync(CancellationToken cancellation)
    {
        var asked = configuration().Providers
            .SelectMany(provider => provider.Credentials.DefaultIfEmpty(), (provider, credential) => (Provider: provider, Credential: credential))
            .Take(Most).ToList();
        var found = new Reach[asked.Count];
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        await Parallel.ForAsync(0, asked.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (at, _) =>
            found[at] = await CheckAsync(asked[at].Provider, asked[at].Credential, both.Token, cancellation));
        return found;
    }

    private async Task<Reach> CheckAsync(ProviderSettings provider, Credential? credential, CancellationToken limited, CancellationToken asker)
    {
        var started = time.GetTimestamp();
        string state;
        UpstreamFault? fault = null;
        try
        {
            fault = await upstreams.CheckAsync(provider, credential, limited);
            state = fault is null ? (ProviderKinds.CheckProvesKey(provider) ? "ok" : "reached") : StateOf(fault);
        }
        catch (OperationCanceledException) when (!asker.IsCancellationRequested)
        {
            state = "timeout";
        }

        var milliseconds = (long)time.GetElapsedTime(started).TotalMilliseconds;
        return state is "ok" or "reached"
            ? new Reach(provider.Name, credential?.Id, state, milliseconds, Detail: null, Remedy: null)
            : new Reach(provider.Name, credential?.Id, state, milliseconds, Detail(fault), fault?.Remedy ?? Remedy(state, provider.Name));
    }

    private static string StateOf(UpstreamFault fault) => fault switch
    {
        { Status: 407 } => "proxy",
        { Kind: ErrorKind.Connection } => fault.Reason ?? "connect",
        { Kind: ErrorKind.Timeout } => "timeout",
        { Kind: ErrorKind.RegionRestricted } => "region",
        { Kind: ErrorKind.Credits } => "credit",
        { Kind: ErrorKind.Authentication or ErrorKind.Permission } or { CredentialIsDead: true } or { Status: 401 or 403 } => "auth",
        { Kind: ErrorKind.RateLimit or ErrorKind.QuotaExhausted } => "limited",
        { Status: >= 500 } or { Kind: ErrorKind.Overloaded } => "outage",
        { Kind: ErrorKind.BadResponse } => "bad_response",

        // It answered, and has no such address: many compatible servers list no models.
        _ => "reached",
    };

    private static string Detail(UpstreamFault? fault) => fault switch
    {
        null => "It did not answer in ten seconds.",
        { Remedy: { } remedy } when fault.Error.Message.EndsWith(remedy, StringComparison.Ordinal) => fault.Error.Message[..^remedy.Length].TrimEnd(),
        _ => fault.Error.Message,
    };

    private static string Remedy(string state, string provider) => state switch
    {
        "auth" => $"Replace this API key of '{provider}', or give it the rights that it lacks.",
        "region" => $"'{provider}' serves nobody where Sluice calls from: call it from elsewhere, or take it out.",
        "credit" => $"Top up the account behind '{provider}'.",
        "proxy" => "Check the user and password in HTTPS_PROXY or HTTP_PROXY.",
        "limited" => $"Wait, or raise the limits of the account behind '{provider}'.",
        "outage" => $"Look at the status page of '{provider}'; with a fallback nobody notices.",
        "bad_response" => $"Check base_url of '{provider}': what answers there is not its API.",
        _ => $"Check base_url of '{provider}', and what lies between it and this machine.",
    };
}
