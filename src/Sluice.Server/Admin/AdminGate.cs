using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Identity;

namespace Sluice.Server.Admin;

/// <summary>What every admin route stands behind: the admin key, and plain words for bad input.</summary>
internal static class AdminGate
{
    // Longer than any report takes; beyond it the store is away.
    private static readonly TimeSpan StorePatience = TimeSpan.FromSeconds(15);

    public static RequestDelegate Guard(Func<HttpContext, Task> handler) => async http =>
    {
        http.Response.Headers.CacheControl = "no-store";
        if (!IsAdmin(http))
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
            await AdminAnswer.ErrorAsync(
                http,
                StatusCodes.Status401Unauthorized,
                "The admin API takes the admin key, as 'Authorization: Bearer' or 'x-api-key'. It is in admin.key of the data folder, or what SLUICE_ADMIN_KEY or auth.admin_key says. Client keys do not open it.");
            return;
        }

        using var patience = new CancellationTokenSource(StorePatience, http.RequestServices.GetRequiredService<TimeProvider>());
        using var both = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, patience.Token);
        var client = http.RequestAborted;
        http.RequestAborted = both.Token;
        try
        {
            await handler(http);
        }
        catch (OperationCanceledException) when (client.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !http.Response.HasStarted)
        {
            http.RequestAborted = client;
            await AdminAnswer.ErrorAsync(
                http,
                StatusCodes.Status503ServiceUnavailable,
                "The store has not answered in 15 seconds. Requests are served all the same and nothing is lost: the journal keeps what the store does not take. The log says what is wrong with the store.");
        }
        catch (BadInputException e)
        {
            await AdminAnswer.ErrorAsync(http, StatusCodes.Status400BadRequest, e.Message);
        }
        finally
        {
            http.RequestAborted = client;
        }
    };

    private static bool IsAdmin(HttpContext http)
    {
        const string Bearer = "Bearer ";
        var ring = http.RequestServices.GetRequiredService<IKeyRing>();
        foreach (var value in http.Request.Headers.Authorization)
        {
            if (value is not null && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && ring.IsAdmin(value.AsSpan(Bearer.Length).Trim()))
            {
                return true;
            }
        }

        foreach (var value in http.Request.Headers["x-api-key"])
        {
            if (ring.IsAdmin(value.AsSpan().Trim()))
            {
                return true;
            }
        }

        return false;
    }
}
