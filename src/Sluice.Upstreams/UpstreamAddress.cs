using Sluice.Core.Configuration;
using Sluice.Protocols;

namespace Sluice.Upstreams;

/// <summary>The addresses of one provider's operations, put together once. Nothing that a client sends but the query gets into them.</summary>
internal sealed class UpstreamAddress
{
    private readonly Uri[] _addresses = new Uri[3];

    // Agents send the same query for ever (?beta=true): the last one of each operation is kept as it was put together.
    private readonly WithQuery?[] _last = new WithQuery?[3];

    public UpstreamAddress(ProviderSettings provider, Uri? simulator)
    {
        for (var i = 0; i < _addresses.Length; i++)
        {
            _addresses[i] = Build(provider.Kind, provider.Kind == ProviderKind.Simulator && simulator is not null ? simulator : provider.BaseUrl, (UpstreamOperation)i);
        }
    }

    /// <summary>Scheme, host and port, the same for all operations.</summary>
    public Uri Any => _addresses[0];

    /// <summary>Where the operation is; the client's query behind it on native calls.</summary>
    public Uri For(UpstreamCall call)
    {
        var address = _addresses[(int)call.Operation];
        if (!call.Native || string.IsNullOrEmpty(call.Query))
        {
            return address;
        }

        var last = Volatile.Read(ref _last[(int)call.Operation]);
        if (last is null || last.Query != call.Query)
        {
            last = new WithQuery(call.Query, Append(address, WithoutKey(call.Query)));
            Volatile.Write(ref _last[(int)call.Operation], last);
        }

        return last.Address;
    }

    /// <summary>Base URLs are what the vendor's own SDK takes: Anthropic's appends /v1 itself, OpenAI's does not.</summary>
    internal static Uri Build(ProviderKind kind, Uri baseUrl, UpstreamOperation operation)
    {
        var path = baseUrl.AbsolutePath.TrimEnd('/');
        var tail = operation switch
        {
            UpstreamOperation.Messages => "/messages",
            UpstreamOperation.CountTokens => "/messages/count_tokens",
            _ => "/chat/completions",
        };
        var addsVersion = operation != UpstreamOperation.ChatCompletions || kind == ProviderKind.Simulator;
        if (addsVersion && !path.EndsWith("/v1", StringComparison.Ordinal))
        {
            path += "/v1";
        }

        return new UriBuilder(baseUrl) { Path = path + tail }.Uri;
    }

    private static Uri Append(Uri address, string query) =>
        query.Length == 0 ? address
        : new UriBuilder(address) { Query = address.Query.Length > 1 ? $"{address.Query[1..]}&{query}" : query }.Uri;

    /// <summary>The query without its question mark and without <c>key</c>, in which clients send their Sluice key.</summary>
    internal static string WithoutKey(string query)
    {
        var text = query.AsSpan().TrimStart('?');
        if (!text.Contains("key", StringComparison.OrdinalIgnoreCase) && !text.Contains('%'))
        {
            return query.Length == text.Length ? query : text.ToString();
        }

        var kept = new List<string>();
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            var equals = pair.IndexOf('=');
            var name = Uri.UnescapeDataString((equals < 0 ? pair : pair[..equals]).ToString());
            if (!pair.IsEmpty && !name.Equals("key", StringComparison.OrdinalIgnoreCase))
            {
                kept.Add(pair.ToString());
            }
        }

        return string.Join('&', kept);
    }

    private sealed record WithQuery(string Query, Uri Address);
}
