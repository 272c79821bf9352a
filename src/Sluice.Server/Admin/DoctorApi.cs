using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Server.Diagnosis;

namespace Sluice.Server.Admin;

/// <summary><c>/doctor</c>: the production checklist; with POST about a key, models and lines of the caller's own.</summary>
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

    private static async Task AnswerAsync(HttpContext http, DoctorQuestion question) =>
        await AdminAnswer.JsonAsync(http, await http.RequestServices.GetRequiredService<Doctor>().ExamineAsync(question, http.RequestAborted), AdminJson.Default.DoctorAnswer);
}
