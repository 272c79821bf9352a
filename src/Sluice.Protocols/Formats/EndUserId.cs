using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Formats;

/// <summary>
/// The end user's id (<c>metadata.user_id</c>, <c>user</c>, <c>safety_identifier</c>) as another vendor takes it. Vendors refuse the whole request for
/// an id that is too long, has characters of JSON, or looks like a mail address or a phone number; such an id goes as a hash. The hash is always the
/// same for the same person, so it still tells users apart; it leaves out the session that agents write into the id.
/// </summary>
public static partial class EndUserId
{
    private const string Feature = "metadata.user_id";
    private const string Session = "_session_";

    // OpenAI: "string too long. Expected a string with maximum length 64". OpenRouter takes 128.
    private const int LongestAtOpenAI = 64;

    // Anthropic's reference: maxLength 256.
    private const int LongestAtAnthropic = 256;

    /// <summary>For OpenAI's own <c>safety_identifier</c>: any text of 64 characters.</summary>
    public static string ForOpenAI(string id, DegradationLog degradations) => id.Length <= LongestAtOpenAI ? id : Hashed(id, degradations);

    /// <summary>For Chat's <c>user</c> at any of its many servers: 64 letters, digits, <c>_</c> and <c>-</c>.</summary>
    public static string ForChat(string id, DegradationLog degradations) => id.Length <= LongestAtOpenAI && Plain().IsMatch(id) ? id : Hashed(id, degradations);

    /// <summary>For Anthropic's <c>metadata.user_id</c>, from a client that does not speak to Anthropic: opaque, no mail address and no phone number.</summary>
    public static string ForAnthropic(string id, DegradationLog degradations) =>
        id.Length <= LongestAtAnthropic && Plain().IsMatch(id) && id.Any(char.IsAsciiLetter) ? id : Hashed(id, degradations);

    /// <summary>For a value of Bedrock's <c>requestMetadata</c>: <c>[a-zA-Z0-9\s:_@$#=/+,-.]{0,256}</c>.</summary>
    public static string ForBedrock(string id, DegradationLog degradations) => MetadataValue().IsMatch(id) ? id : Hashed(id, degradations);

    /// <summary>37 letters and digits (and one <c>_</c>) that no vendor refuses: the same for the same person.</summary>
    public static string Hash(string id) =>
        string.Concat("user_", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("end-user\n" + Person(id)))).AsSpan(0, 32));

    /// <summary>Says that the id went as a hash.</summary>
    public static void Tell(DegradationLog degradations) =>
        degradations.Add(Feature, DegradationOutcome.Weakened, "The upstream does not take this end user's id as it is: a hash of it was sent.");

    private static string Hashed(string id, DegradationLog degradations)
    {
        Tell(degradations);
        return Hash(id);
    }

    // Claude Code: {"device_id":"…","account_uuid":"…","session_id":"…"}, formerly user_…_account_…_session_….
    private static string Person(string id)
    {
        if (id.StartsWith('{'))
        {
            try
            {
                using var document = JsonDocument.Parse(id);
                var device = Text(document.RootElement, "device_id");
                var account = Text(document.RootElement, "account_uuid");
                return device.Length + account.Length > 0 ? device + "\n" + account : id;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return id;
            }
        }

        return id.LastIndexOf(Session, StringComparison.Ordinal) is > 0 and var at ? id[..at] : id;
    }

    private static string Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    [GeneratedRegex(@"^[a-zA-Z0-9_-]+\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^[a-zA-Z0-9\s:_@$#=/+,\-.]{1,256}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex MetadataValue();
}
