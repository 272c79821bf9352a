using Microsoft.AspNetCore.Http;
using Sluice.Core.Identity;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Identity;

/// <summary>
/// Finds the caller from whatever key the client sent. Clients send several at once, with different values (Claude Code: bearer and
/// <c>x-api-key</c>) or empty ones, so all are tried and the first known one wins.
/// </summary>
internal static class PresentedKeys
{
    private const string NewKey = "Ask for a new one (`sluice keys create --user NAME`).";

    private static readonly string[] KeyHeaders = ["x-api-key", "x-goog-api-key"];

    private static readonly Caller Anonymous = new("anonymous", "anonymous", Team: null, Project: null);

    /// <summary>The caller, or the 401/403 that the client gets.</summary>
    public static (Caller? Caller, GatewayError? Error) Identify(HttpRequest request, IKeyRing keys, bool open)
    {
        var best = KeyState.Unknown;
        var presented = false;

        // A header may stand there several times, each with a value of its own.
        foreach (var authorization in request.Headers.Authorization)
        {
            if (Try(Bearer(authorization), keys, ref best, ref presented) is { } caller)
            {
                return (caller, null);
            }
        }

        foreach (var name in KeyHeaders)
        {
            foreach (var value in request.Headers[name])
            {
                if (Try(value, keys, ref best, ref presented) is { } caller)
                {
                    return (caller, null);
                }
            }
        }

        if (request.QueryString.HasValue)
        {
            foreach (var value in request.Query["key"])
            {
                if (Try(value, keys, ref best, ref presented) is { } caller)
                {
                    return (caller, null);
                }
            }
        }

        return open ? (Anonymous, null) : (null, Refuse(best, presented));
    }

    private static Caller? Try(ReadOnlySpan<char> key, IKeyRing keys, ref KeyState best, ref bool presented)
    {
        key = key.Trim();
        if (key.IsEmpty)
        {
            return null;
        }

        presented = true;
        var (state, caller) = keys.Find(key);
        if (state != KeyState.Unknown)
        {
            best = state;
        }

        return state == KeyState.Valid ? caller : null;
    }

    private static ReadOnlySpan<char> Bearer(ReadOnlySpan<char> authorization)
    {
        const string Scheme = "Bearer ";
        return authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..] : [];
    }

    private static GatewayError Refuse(KeyState best, bool presented) => best switch
    {
        KeyState.Revoked => new GatewayError(ErrorKind.Authentication, ErrorSource.Client, 403,
            "This Sluice API key was revoked. Ask for a new one (`sluice keys create --user NAME`).") { ShouldRetry = false, Reason = "key_revoked", Remedy = NewKey },
        KeyState.Expired => new GatewayError(ErrorKind.Authentication, ErrorSource.Client, 401,
            "This Sluice API key has expired. Ask for a new one (`sluice keys create --user NAME`).") { ShouldRetry = false, Reason = "key_expired", Remedy = NewKey },
        // Without the name of the header: a 401 that says x-api-key becomes "Please run /login" in Claude Code, and its text is lost.
        _ when presented => new GatewayError(ErrorKind.Authentication, ErrorSource.Client, 401,
            "Sluice does not know this API key. Use a key made by `sluice keys create`, not a provider's key.") { ShouldRetry = false, Reason = "key_unknown", Remedy = "Use a key made by `sluice keys create`, not a provider's key." },
        _ => new GatewayError(ErrorKind.Authentication, ErrorSource.Client, 401,
            "No API key was sent. Send a Sluice key as `Authorization: Bearer …`, `x-api-key`, `x-goog-api-key` or `?key=`.") { ShouldRetry = false, Reason = "key_missing", Remedy = "Send a Sluice key as `Authorization: Bearer …`, `x-api-key`, `x-goog-api-key` or `?key=`." },
    };
}
