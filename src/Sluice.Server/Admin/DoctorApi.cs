using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Diagnosis;
using Sluice.Core.Ledger;
using Sluice.Server.Diagnosis;

namespace Sluice.Server.Admin;

/// <summary><c>/doctor</c>: the production checklist; with POST about a key, models and lines of the caller's own. <c>/diagnose/{id}</c>: one request. <c>/providers/check</c>: who can be reached.</summary>
internal static class DoctorApi
{
    private const int MaxEntries = 200;

    public static Task ReadAsync(HttpContext http) => AnswerAsync(http, new DoctorQuestion());

    public static async Task AskAsync(HttpContext http)
    {
        var question = await AdminAnswer.ReadAsync(http, AdminJson.Default.DoctorQuestion);
        if (question.Models?.Count > MaxEntries || question.Lines?.Count > MaxEntries)
        {
            throw new BadInputException($"'models' or 'lines' has more than {MaxEntries} entries.");
        }

        await AnswerAsync(http, question);
    }

    /// <summary>Who can be reached, tried now.</summary>
    public static async Task ReachAsync(HttpContext http) =>
        await AdminAnswer.JsonAsync(http, new ReachAnswer(await http.RequestServices.GetRequiredService<Reachability>().CheckAsync(http.RequestAborted)), AdminJson.Default.ReachAnswer);

    /// <summary>One request, step by step.</summary>
    public static async Task DiagnoseAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        if (await http.RequestServices.GetRequiredService<ILedgerQueries>().FindRequestAsync(id, http.RequestAborted) is { } trail)
        {
            await AdminAnswer.JsonAsync(http, RequestDiagnosis.Of(id, trail), AdminJson.Default.DiagnosisAnswer);
            return;
        }

        await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound,
            $"No request {id} is in the ledger. If its id is right, its key was refused: such a request leaves nothing here, and its error said key_missing, key_unknown, key_revoked or key_expired. 'sluice doctor --key KEY' judges a key.");
    }

    private static async Task AnswerAsync(HttpContext http, DoctorQuestion question) =>
        await AdminAnswer.JsonAsync(http, await http.RequestServices.GetRequiredService<Doctor>().ExamineAsync(question, http.RequestAborted), AdminJson.Default.DoctorAnswer);
}

/// <param name="Providers">One entry for each provider and credential.</param>
internal sealed record ReachAnswer(IReadOnlyList<Reach> Providers);
