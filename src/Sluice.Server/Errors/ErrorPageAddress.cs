using System.Buffers;
using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Errors;

/// <summary>Where the page about a kind of error is, for whoever asked: at the address that the client itself used.</summary>
internal static class ErrorPageAddress
{
    // The longest name that DNS has, and a port.
    private const int LongestHost = 260;

    // A host is the client's own words and goes into a body that others may show as a link: nothing but a name or an address with a port.
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]");

    /// <summary><c>http://127.0.0.1:8787/docs/errors/rate_limit</c>; without scheme and host where the client's are none.</summary>
    public static string Of(HttpRequest request, ErrorKind kind)
    {
        var path = ErrorPages.Root + "/" + ErrorWords.Of(kind);
        return request.Host.Value is { Length: > 0 and <= LongestHost } host && !host.AsSpan().ContainsAnyExcept(HostCharacters) && request.Scheme is "http" or "https"
            ? $"{request.Scheme}://{request.Host.Value}{path}"
            : path;
    }
}
