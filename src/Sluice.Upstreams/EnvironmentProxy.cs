using System.Net;

namespace Sluice.Upstreams;

/// <summary>
/// The proxy that the environment names, as curl reads it: <c>HTTPS_PROXY</c> for https, <c>HTTP_PROXY</c> for http, <c>ALL_PROXY</c> for what
/// has none, in lower case first; <c>NO_PROXY</c> lists hosts (with their subdomains), address ranges and <c>*</c>. This machine itself is
/// never asked through a proxy: no proxy could reach it. The platform's own reader matches exact names only and knows no ranges.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly Uri? _http;
    private readonly Uri? _https;
    private readonly string[] _direct;

    /// <param name="read">Reads a variable; null where it is not set.</param>
    /// <exception cref="FormatException">A proxy's address cannot be read, or its scheme is not spoken.</exception>
    public EnvironmentProxy(Func<string, string?> read)
    {
        var all = Address(read, "ALL_PROXY");
        _http = Address(read, "HTTP_PROXY") ?? all;
        _https = Address(read, "HTTPS_PROXY") ?? all;
        _direct = (Value(read, "NO_PROXY") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if ((_https ?? _http)?.UserInfo is { Length: > 0 } user)
        {
            var parts = user.Split(':', 2);
            Credentials = new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }
    }

    /// <inheritdoc/>
    public ICredentials? Credentials { get; set; }

    /// <summary>By this process's environment.</summary>
    public static EnvironmentProxy FromProcess() => new(Environment.GetEnvironmentVariable);

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) =>
        IsBypassed(destination) ? null : destination.Scheme == Uri.UriSchemeHttps ? _https : _http;

    /// <inheritdoc/>
    public bool IsBypassed(Uri host)
    {
        if (host.IsLoopback || (host.Scheme == Uri.UriSchemeHttps ? _https : _http) is null)
        {
            return true;
        }

        foreach (var entry in _direct)
        {
            if (entry == "*" || IsOf(entry, host))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOf(string entry, Uri host)
    {
        var name = host.IdnHost;
        if (entry.Contains('/') && IPNetwork.TryParse(entry, out var network))
        {
            return IPAddress.TryParse(name, out var address) && network.Contains(address);
        }

        var colon = entry.LastIndexOf(':');
        if (colon > 0 && entry.IndexOf(':') == colon && int.TryParse(entry.AsSpan(colon + 1), out var port))
        {
            if (port != host.Port)
            {
                return false;
            }

            entry = entry[..colon];
        }

        var domain = entry.AsSpan().TrimStart('*').TrimStart('.');
        return domain.Length > 0
            && name.AsSpan().EndsWith(domain, StringComparison.OrdinalIgnoreCase)
            && (name.Length == domain.Length || name[name.Length - domain.Length - 1] == '.');
    }

    private static string? Value(Func<string, string?> read, string name) =>
        read(name.ToLowerInvariant()) is { Length: > 0 } lower ? lower : read(name) is { Length: > 0 } upper ? upper : null;

    // Ignored, a proxy that cannot be used would send calls out directly; the value may hold a password and is not told.
    private static Uri? Address(Func<string, string?> read, string name) =>
        Value(read, name) is not { } text ? null
        : Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var address)
            && address.Scheme is ("http" or "https" or "socks4" or "socks4a" or "socks5") ? address
        : throw new FormatException($"{name} is not the address of a proxy; write it as http://host:port (or https, socks4, socks4a, socks5).");
}
