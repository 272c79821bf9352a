using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Sluice.Server.Admin;

/// <summary>
/// The admin API under <c>/admin/api</c>: what the commands and the console speak to. Needs <c>IKeyRing</c>, <c>IdentityDirectory</c>, <c>LimitDirectory</c>, <c>BudgetDirectory</c>,
/// <c>ILedgerQueries</c>, <c>TimeProvider</c>, <see cref="IStatusSource"/>, <see cref="IModelResolver"/>, <see cref="Explain.WhatIf"/>, <see cref="Diagnosis.Doctor"/> and <see cref="Diagnosis.Reachability"/> among the services.
/// </summary>
public static class AdminApi
{
    /// <summary>Maps every admin route. Each, and every path below that is no route, answers 401 without the admin key.</summary>
    public static void MapAdminApi(this IEndpointRouteBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var routes = app.MapGroup("/admin/api");
        var wrong = new WrongKeys(app.ServiceProvider.GetRequiredService<TimeProvider>());

        Map(HttpMethods.Get, "/keys", KeysApi.ListAsync);
        Map(HttpMethods.Post, "/keys", KeysApi.CreateAsync);
        Map(HttpMethods.Post, "/keys/{id}/rotate", KeysApi.RotateAsync);
        Map(HttpMethods.Delete, "/keys/{id}", KeysApi.RevokeAsync);

        foreach (var kind in IdentitiesApi.Kinds)
        {
            Map(HttpMethods.Get, kind.Path, http => IdentitiesApi.ListAsync(http, kind));
            Map(HttpMethods.Post, kind.Path, http => IdentitiesApi.CreateAsync(http, kind));
        }

        Map(HttpMethods.Get, "/limits", LimitsApi.ListAsync);
        Map(HttpMethods.Get, "/limits/{**scope}", LimitsApi.FindAsync);
        Map(HttpMethods.Put, "/limits/{**scope}", LimitsApi.SetAsync);
        Map(HttpMethods.Delete, "/limits/{**scope}", LimitsApi.RemoveAsync);

        Map(HttpMethods.Get, "/budgets", BudgetsApi.ListAsync);
        Map(HttpMethods.Put, "/budgets", BudgetsApi.SetAsync);
        Map(HttpMethods.Delete, "/budgets", BudgetsApi.RemoveAsync);

        Map(HttpMethods.Get, "/report", ReportApi.ReportAsync);
        Map(HttpMethods.Get, "/advice", AdviceApi.ReadAsync);
        Map(HttpMethods.Get, "/requests", RequestListApi.ListAsync);
        Map(HttpMethods.Get, "/requests/{id}", RequestsApi.FindAsync);
        Map(HttpMethods.Post, "/what-if", WhatIfApi.AskAsync);
        Map(HttpMethods.Get, "/status", StatusApi.ReadAsync);
        Map(HttpMethods.Get, "/models", ModelsApi.ListAsync);
        Map(HttpMethods.Get, "/models/resolve", ModelsApi.ResolveAsync);

        Map(HttpMethods.Get, "/doctor", DoctorApi.ReadAsync);
        Map(HttpMethods.Post, "/doctor", DoctorApi.AskAsync);
        Map(HttpMethods.Get, "/providers/check", DoctorApi.ReachAsync);
        Map(HttpMethods.Get, "/diagnose/{id}", DoctorApi.DiagnoseAsync);

        // Catches every other path and method, so that nobody without the key learns which exist.
        routes.Map("/{**rest}", AdminGate.Guard(http => AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"There is no {http.Request.Method} {http.Request.Path} in the admin API."), wrong));

        void Map(string method, string pattern, Func<HttpContext, Task> handler) => routes.MapMethods(pattern, [method], AdminGate.Guard(handler, wrong));
    }
}
