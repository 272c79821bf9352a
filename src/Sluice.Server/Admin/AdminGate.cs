using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Identity;
using Sluice.Storage;

namespace Sluice.Server.Admin;

/// <summary>What every admin route stands behind: the admin key, and plain words for bad input.</summary>
internal static class AdminGate
{
    // Longer than any report takes; beyond it the store is away.
    private static readonly TimeSpan StorePatience = TimeSpan.FromSeconds(15);

    // A node looks for its database at least that often.
    private const string AwayRetrySeconds = "5";

    public static RequestDelegate Guard(Func<HttpContext, Task> handler, WrongKeys wrong) => async http =>
    {
        http.Response.Headers.CacheControl = "no-store";
        if (wrong.WaitOf(http.Connection.RemoteIpAddress) is var wait && wait > TimeSpan.Zero)
        {
            http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await AdminAnswer.ErrorAsync(
                http,
                StatusCodes.Status429TooManyRequests,
                "Too many different wrong admin keys came from this address; within a minute it may try again. The right one is in admin.key of the data folder, or what SLUICE_ADMIN_KEY or auth.admin_key says.");
            return;
        }

        if (!IsAdmin(http, wrong))
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
        catch (StoreAwayException e) when (!http.Response.HasStarted)
        {
            http.Response.Headers.RetryAfter = AwayRetrySeconds;
            await AdminAnswer.ErrorAsync(http, StatusCodes.Status503ServiceUnavailable, e.Message);
        }
        catch (Exception e) when (StoreAwayException.Means(e) && !http.Response.HasStarted)
        {
            http.RequestAborted = client;
            http.Response.Headers.RetryAfter = AwayRetrySeconds;
            await AdminAnswer.ErrorAsync(
                http,
                StatusCodes.Status503ServiceUnavailable,
                $"The store cannot be asked now, so nothing of it can be shown or changed: {e.Message} Requests are served all the same, with the keys, limits and budgets that are known. Try again when the store is back; /readyz says when.");
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

    private static bool IsAdmin(HttpContext http, WrongKeys wrong)
    {
        var ring = http.RequestServices.GetRequiredService<IKeyRing>();
        var presented = Presented(http.Request.Headers).ToList();
        if (presented.Exists(key => ring.IsAdmin(key)))
        {
            return true;
        }

        presented.ForEach(key => wrong.Add(http.Connection.RemoteIpAddress, key));
        return false;
    }

    private static IEnumerable<string> Presented(IHeaderDictionary headers)
    {
        const string Bearer = "Bearer ";
        var tokens = headers.Authorization.Where(value => value?.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) == true).Select(value => value![Bearer.Length..]);
        return tokens.Concat(headers["x-api-key"].Select(value => value ?? "")).Select(key => key.Trim()).Where(key => key.Length > 0);
    }
}
