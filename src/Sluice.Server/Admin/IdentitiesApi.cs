using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Identity;
using Sluice.Storage.Identity;

namespace Sluice.Server.Admin;

/// <summary><c>/users</c>, <c>/teams</c> and <c>/projects</c>.</summary>
internal static class IdentitiesApi
{
    public static IReadOnlyList<IdentityRoute> Kinds { get; } =
    [
        new("/users", IdentityKind.User, "user"),
        new("/teams", IdentityKind.Team, "team"),
        new("/projects", IdentityKind.Project, "project"),
    ];

    public static async Task ListAsync(HttpContext http, IdentityRoute route)
    {
        var names = await http.RequestServices.GetRequiredService<IdentityDirectory>().ListAsync(route.Kind, http.RequestAborted);
        await AdminAnswer.JsonAsync(
            http,
            new IdentityListAnswer([.. names.Select(name => new IdentityAnswer(name.Name, name.CreatedAt))]),
            AdminJson.Default.IdentityListAnswer);
    }

    public static async Task CreateAsync(HttpContext http, IdentityRoute route)
    {
        var body = await AdminAnswer.ReadAsync(http, AdminJson.Default.NewIdentityBody);
        var name = IdentityName.Required(body.Name, "name");
        if (await http.RequestServices.GetRequiredService<IdentityDirectory>().AddAsync(route.Kind, name, http.RequestAborted))
        {
            await AdminAnswer.JsonAsync(http, new IdentityAnswer(name, http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()), AdminJson.Default.IdentityAnswer, StatusCodes.Status201Created);
            return;
        }

        await AdminAnswer.ErrorAsync(http, StatusCodes.Status409Conflict, $"The {route.Word} '{name}' is there already.");
    }
}

/// <summary>One kind's path and word.</summary>
internal sealed record IdentityRoute(string Path, IdentityKind Kind, string Word);
