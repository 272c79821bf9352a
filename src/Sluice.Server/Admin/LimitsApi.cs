using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;

namespace Sluice.Server.Admin;

/// <summary><c>/limits</c>: what keys, users, teams, projects, models and the organization may use. A change counts at once.</summary>
internal static class LimitsApi
{
    /// <summary>All that are stored; those of the file are in the file.</summary>
    public static async Task ListAsync(HttpContext http)
    {
        var limits = await Directory(http).ListAsync(http.RequestAborted);
        await AdminAnswer.JsonAsync(http, new LimitListAnswer([.. limits.Select(Answer)]), AdminJson.Default.LimitListAnswer);
    }

    /// <summary>The limits of one scope.</summary>
    public static async Task FindAsync(HttpContext http)
    {
        var scope = Scope(http);
        var limits = await Directory(http).ListAsync(http.RequestAborted);
        if (limits.FirstOrDefault(limit => limit.Scope == scope) is { } found)
        {
            await AdminAnswer.JsonAsync(http, Answer(found), AdminJson.Default.LimitAnswer);
            return;
        }

        await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"{scope} has no limits of its own.");
    }

    /// <summary>Sets all limits of a scope: what the body does not name is not limited any more.</summary>
    public static async Task SetAsync(HttpContext http)
    {
        var scope = Scope(http);
        var body = await AdminAnswer.ReadAsync(http, AdminJson.Default.LimitBody);
        var limits = new LimitSet
        {
            RequestsPerMinute = body.Rpm ?? 0,
            InputPerMinute = body.InputTpm ?? 0,
            OutputPerMinute = body.OutputTpm ?? 0,
            RequestsPerDay = body.Rpd ?? 0,
            Burst = body.Burst ?? 0,
            Concurrency = body.Concurrency ?? 0,
        };
        if (limits.Fault() is { } fault)
        {
            throw new BadInputException(fault);
        }

        if (limits.IsNone)
        {
            throw new BadInputException("No limit is named. Name one of rpm, input_tpm, output_tpm, rpd, burst, concurrency; to take all away, remove the scope's limits.");
        }

        await AdminAnswer.JsonAsync(http, Answer(await Directory(http).SetAsync(scope, limits, http.RequestAborted)), AdminJson.Default.LimitAnswer);
    }

    /// <summary>Takes a scope's limits away.</summary>
    public static async Task RemoveAsync(HttpContext http)
    {
        var scope = Scope(http);
        if (await Directory(http).RemoveAsync(scope, http.RequestAborted))
        {
            await AdminAnswer.JsonAsync(http, new LimitAnswer(scope.ToString(), 0, 0, 0, 0, 0, 0, null), AdminJson.Default.LimitAnswer);
            return;
        }

        await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"{scope} has no limits of its own.");
    }

    private static LimitDirectory Directory(HttpContext http) => http.RequestServices.GetRequiredService<LimitDirectory>();

    private static LimitScope Scope(HttpContext http)
    {
        // Models have slashes in their names; whether they came escaped or not, they are the same.
        var text = Uri.UnescapeDataString((string)http.Request.RouteValues["scope"]!);
        return LimitScope.TryParse(text, out var scope) ? scope : throw new BadInputException($"'{text}' is no scope. Allowed: {LimitScope.Allowed}.");
    }

    private static LimitAnswer Answer(StoredLimit limit) => new(
        limit.Scope.ToString(), limit.Limits.RequestsPerMinute, limit.Limits.InputPerMinute, limit.Limits.OutputPerMinute, limit.Limits.RequestsPerDay, limit.Limits.Burst,
        limit.Limits.Concurrency, limit.ChangedAt);
}
