using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Server.Diagnosis;

namespace Sluice.Server.Admin;

/// <summary><c>/advice?since=28d</c>: what the last whole weeks of the ledger say, and what to do about it. <c>since</c> is 28d where it is not said.</summary>
internal static class AdviceApi
{
    private const int DefaultDays = 28;

    public static async Task ReadAsync(HttpContext http)
    {
        foreach (var name in http.Request.Query.Keys.Where(name => name != "since"))
        {
            throw new BadInputException($"'{name}' is no parameter of advice; there is since.");
        }

        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var since = http.Request.Query["since"].ToString() is { Length: > 0 } text ? TimeExpression.Parse(text, now, -1, "since") : now.AddDays(-DefaultDays);
        if (now - since < TimeSpan.FromDays(7) || now - since >= TimeSpan.FromDays(7 * (AdviceSpan.MaxWeeks + 1)))
        {
            throw new BadInputException($"'since' is {since:yyyy-MM-dd}; advice looks at whole weeks, 1 to {AdviceSpan.MaxWeeks} of them: write 28d, 8w or a day.");
        }

        var facts = await AdviceReader.ReadAsync(http.RequestServices.GetRequiredService<ILedgerQueries>(), AdviceSpan.Between(since, now), http.RequestAborted);
        await AdminAnswer.JsonAsync(http, Advisor.Advise(facts), AdminJson.Default.AdviceAnswer);
    }
}
