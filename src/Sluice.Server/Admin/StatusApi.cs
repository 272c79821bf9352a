using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Sluice.Server.Admin;

/// <summary>What runs now.</summary>
/// <param name="Version">Of Sluice.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="UptimeSeconds">Whole seconds.</param>
/// <param name="Providers">In configured order.</param>
/// <param name="Warnings">One sentence each, the configuration's included.</param>
public sealed record StatusReport(string Version, DateTimeOffset StartedAt, long UptimeSeconds, IReadOnlyList<ProviderStatus> Providers, IReadOnlyList<string> Warnings);

/// <summary>One provider now.</summary>
/// <param name="Name">Slug.</param>
/// <param name="Kind">As in the configuration.</param>
/// <param name="State">One word: <c>ok</c>, <c>failing</c>, <c>cooling</c>, <c>dead</c>, <c>unknown</c>.</param>
/// <param name="Models">How many models it can serve.</param>
/// <param name="Detail">One sentence, where the state needs one.</param>
public sealed record ProviderStatus(string Name, string Kind, string State, int Models, string? Detail);

/// <summary>Says what runs now.</summary>
public interface IStatusSource
{
    /// <summary>A fresh report; from memory, quick.</summary>
    StatusReport Read();
}

/// <summary><c>/status</c></summary>
internal static class StatusApi
{
    public static Task ReadAsync(HttpContext http) =>
        AdminAnswer.JsonAsync(http, http.RequestServices.GetRequiredService<IStatusSource>().Read(), AdminJson.Default.StatusReport);
}
