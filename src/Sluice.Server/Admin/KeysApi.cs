using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Identity;
using Sluice.Storage.Identity;

namespace Sluice.Server.Admin;

/// <summary><c>/keys</c>: client keys. A secret is in the answer that makes it and nowhere else.</summary>
internal static class KeysApi
{
    private const int MaxModels = 200;

    public static async Task ListAsync(HttpContext http)
    {
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var keys = await Directory(http).ListKeysAsync(http.RequestAborted);
        await AdminAnswer.JsonAsync(http, new KeyListAnswer([.. keys.Select(key => Answer(key, now))]), AdminJson.Default.KeyListAnswer);
    }

    public static async Task CreateAsync(HttpContext http)
    {
        var body = await AdminAnswer.ReadAsync(http, AdminJson.Default.NewKeyBody);
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var models = body.Models ?? [];
        if (models.Count > MaxModels)
        {
            throw new BadInputException($"'models' has {models.Count} entries; at most {MaxModels} are allowed.");
        }

        var expires = body.Expires is { Length: > 0 } text ? TimeExpression.Parse(text, now, 1, "expires") : (DateTimeOffset?)null;
        if (expires <= now)
        {
            throw new BadInputException($"'expires' is '{body.Expires}', which is past.");
        }

        var issued = await Directory(http).CreateAsync(
            new NewKey(IdentityName.Required(body.User, "user"))
            {
                Team = IdentityName.Optional(body.Team, "team"),
                Project = IdentityName.Optional(body.Project, "project"),
                Name = IdentityName.Optional(body.Name, "name"),
                ExpiresAt = expires,
                AllowedModels = [.. models.Select(model => IdentityName.Required(model, "models"))],
            },
            http.RequestAborted);
        await AdminAnswer.JsonAsync(http, Answer(issued), AdminJson.Default.IssuedKeyAnswer, StatusCodes.Status201Created);
    }

    public static async Task RotateAsync(HttpContext http)
    {
        var id = Id(http);
        if (await Directory(http).RotateAsync(id, http.RequestAborted) is { } issued)
        {
            await AdminAnswer.JsonAsync(http, Answer(issued), AdminJson.Default.IssuedKeyAnswer);
            return;
        }

        await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"There is no key {id} that can be rotated. 'sluice keys list' shows them; a revoked one stays revoked.");
    }

    public static async Task RevokeAsync(HttpContext http)
    {
        var id = Id(http);
        if (!await Directory(http).RevokeAsync(id, http.RequestAborted))
        {
            await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"There is no key {id}. 'sluice keys list' shows them.");
            return;
        }

        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var key = (await Directory(http).ListKeysAsync(http.RequestAborted)).Single(entry => entry.Id == id);
        await AdminAnswer.JsonAsync(http, new KeyListAnswer([Answer(key, now)]), AdminJson.Default.KeyListAnswer);
    }

    private static IdentityDirectory Directory(HttpContext http) => http.RequestServices.GetRequiredService<IdentityDirectory>();

    private static string Id(HttpContext http) => (string)http.Request.RouteValues["id"]!;

    private static IssuedKeyAnswer Answer(IssuedKey issued) => new(
        issued.Key.Id, issued.Secret, issued.Key.User, issued.Key.Team, issued.Key.Project, issued.Key.Name, issued.Key.ExpiresAt, issued.Key.AllowedModels);

    private static KeyAnswer Answer(KeyRecord key, DateTimeOffset now) => new(
        key.Id, key.Prefix, key.RevokedAt is not null ? "revoked" : key.ExpiresAt <= now ? "expired" : "valid",
        key.User, key.Team, key.Project, key.Name, key.AllowedModels, key.CreatedAt, key.ExpiresAt, key.RevokedAt);
}
