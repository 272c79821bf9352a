using System.Text.Json;
using Sluice.Server.Admission;
using Sluice.Server.Attempts;
using Sluice.Server.Budgets;
using Sluice.Server.Explain;
using Sluice.Server.Relay;

namespace Sluice.Server.Surfaces;

/// <summary>The answer to <c>x-sluice-explain: 1</c>: whom Sluice would ask, in which order and why, and whom not. Nothing is sent and nothing is charged.</summary>
internal static class PlanAnswer
{
    /// <summary>The header that asks for it.</summary>
    public const string Header = "x-sluice-explain";

    /// <summary>Answers with the plan as JSON; a plan without candidates says what the client would have been told.</summary>
    public static async Task WriteAsync(InferenceRequest request, AttemptServices services)
    {
        var response = request.Http.Response;
        AnswerHeaders.WriteIds(response, request.Id);
        response.ContentType = "application/json";
        var scopes = CallerLimits.ScopesOf(request.Caller, request.Facts.Project, request.Plan);
        await using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            PlanJson.Write(json, new PlanExplanation(request.Surface, request.Envelope, request.Plan, request.Session, request.Snapshot)
            {
                Affinity = services.Affinity,
                Estimates = services.Estimates,
                Now = services.Time.GetUtcNow(),
                MaxPrice = request.MaxPrice,
                CallersLimits = [.. CallerLimits.Of(services.Admission, scopes), .. CallerBudgets.Of(services.Budgets, scopes)],
            });
        }

        await response.BodyWriter.FlushAsync(request.ClientGone);
    }
}
