using System.Buffers;
using System.Text;
using Sluice.Core.Configuration;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;

namespace Sluice.Core.Faults;

/// <summary>Takes keys out of what upstreams said, before it is kept or shown: providers quote the refused key in their errors.</summary>
public static class SecretFilter
{
    /// <summary>Stands where a key stood.</summary>
    public const string Mark = "[secret]";

    // A short key (local servers take any word) is not a secret and would turn up inside ordinary words.
    private const int ShortestSecret = 8;

    // How vendors' keys begin; what follows must be at least this long to be one, so that "sk-learn" in a message survives.
    private const int ShortestTail = 12;
    private static readonly SearchValues<string> KeyBeginnings = SearchValues.Create(["sk-", "sk_", "gsk_", "xai-", "AIza", "pplx-"], StringComparison.Ordinal);
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_*.");

    /// <summary>The text without the credential's secret and without anything that looks like a vendor's key; the same instance where there is none.</summary>
    public static string Scrub(string text, Credential? credential)
    {
        if (credential is { Secret.Length: >= ShortestSecret } && text.Contains(credential.Secret, StringComparison.Ordinal))
        {
            text = text.Replace(credential.Secret, Mark, StringComparison.Ordinal);
        }

        return text.AsSpan().IndexOfAny(KeyBeginnings) < 0 ? text : ScrubKeys(text);
    }

    /// <summary>The error with its message and body scrubbed.</summary>
    public static UpstreamError Scrub(UpstreamError error, Credential? credential)
    {
        var message = Scrub(error.Message, credential);
        var body = error.Body;
        if (!body.IsEmpty)
        {
            var text = Encoding.UTF8.GetString(body.Utf8.Span);
            var clean = Scrub(text, credential);
            body = ReferenceEquals(clean, text) ? body : RawJson.FromText(clean);
        }

        return error with { Message = message, Body = body };
    }

    /// <summary>True where a header value or a line carries the credential's secret.</summary>
    public static bool Contains(string text, Credential? credential) =>
        credential is { Secret.Length: >= ShortestSecret } && text.Contains(credential.Secret, StringComparison.Ordinal);

    private static string ScrubKeys(string text)
    {
        StringBuilder? clean = null;
        var from = 0;
        var look = 0;
        while (text.AsSpan(look).IndexOfAny(KeyBeginnings) is var found and >= 0)
        {
            var start = look + found;
            var rest = text.AsSpan(start);
            var length = rest.IndexOfAnyExcept(KeyCharacters);
            length = length < 0 ? rest.Length : length;
            while (length > 0 && rest[length - 1] == '.')
            {
                length--; // the sentence's own full stop
            }

            // Inside a word ("task-…") it is no key.
            var isKey = length >= ShortestTail + 3 && (start == 0 || !char.IsAsciiLetterOrDigit(text[start - 1]));
            if (isKey)
            {
                clean ??= new StringBuilder(text.Length);
                clean.Append(text, from, start - from).Append(Mark);
                from = start + length;
            }

            look = start + Math.Max(length, 1);
        }

        return clean is null ? text : clean.Append(text, from, text.Length - from).ToString();
    }
}
