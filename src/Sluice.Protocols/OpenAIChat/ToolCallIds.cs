using System.Security.Cryptography;
using System.Text;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Tool call ids of one request in the shape that the server takes. The same id always becomes the same text, whatever stands around it, so that
/// the bytes of earlier turns do not change; two ids never become one.
/// </summary>
internal sealed class ToolCallIds(ChatDialect dialect)
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>What <paramref name="id"/> is called at the server.</summary>
    public string For(string id)
    {
        if (_known.TryGetValue(id, out var known))
        {
            return known;
        }

        var mapped = Fits(id) ? id : null;
        for (var attempt = 0; mapped is null || !_used.Add(mapped); attempt++)
        {
            mapped = Hashed(id, attempt);
        }

        _known.Add(id, mapped);
        return mapped;
    }

    private bool Fits(string id)
    {
        if (dialect.ExactToolIdLength > 0)
        {
            return id.Length == dialect.ExactToolIdLength && id.All(char.IsAsciiLetterOrDigit);
        }

        return id.Length > 0 && (dialect.MaxToolIdLength == 0 || id.Length <= dialect.MaxToolIdLength);
    }

    private string Hashed(string id, int attempt)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(attempt == 0 ? id : id + "\n" + attempt));
        var letters = dialect.ExactToolIdLength > 0 ? dialect.ExactToolIdLength : 24;
        return string.Create(letters, hash, static (span, bytes) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = Alphabet[bytes[i % bytes.Length] % Alphabet.Length];
            }
        }) is var text && dialect.ExactToolIdLength > 0 ? text : "call_" + text;
    }
}
