using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Server.Attempts;

namespace Sluice.Server.Media;

/// <summary>A job that a provider works on, and where.</summary>
/// <param name="Provider">The provider's slug.</param>
/// <param name="KeyMark">Tells the credential that began it from the others, without saying it; empty where the provider has none.</param>
/// <param name="Model">Canonical model.</param>
/// <param name="UpstreamModel">The provider's name of the model.</param>
/// <param name="UpstreamId">The provider's id of the job.</param>
internal sealed record Job(string Provider, string KeyMark, string Model, string UpstreamModel, string UpstreamId);

/// <summary>
/// Ids of jobs as clients get them. An id says by itself at which provider and with which credential the job was begun, and is sealed for the user who
/// began it: nothing is stored, every id outlives a restart, and another user's id is no id.
/// </summary>
/// <remarks><c>video_</c> or <c>task_</c>, then base64url of 16 bytes of HMAC-SHA256 over the user and the rest, then of the rest: five texts, a line each.</remarks>
/// <param name="secret">Of this data folder.</param>
internal sealed class JobIds(byte[] secret)
{
    private const int SealLength = 16;
    private const int LongestId = 4096;
    private const int LongestUpstreamId = 512;

    /// <summary>The id of a job that an attempt began; null where the provider's own cannot be an id.</summary>
    public string? Make(InferenceRequest request, Candidate candidate, string upstreamId)
    {
        if (upstreamId.Length is 0 or > LongestUpstreamId || upstreamId.AsSpan().ContainsAnyInRange('\0', ' '))
        {
            return null;
        }

        var endpoint = candidate.Endpoint;
        var text = Encoding.UTF8.GetBytes(string.Join('\n', candidate.Provider.Name, MarkOf(candidate.Credential), endpoint.Model.Id, endpoint.UpstreamModel, upstreamId));
        var prefix = upstreamId.StartsWith("task", StringComparison.Ordinal) ? "task_" : "video_";
        return prefix + Base64Url.EncodeToString((byte[])[.. Seal(request.Caller.User, text), .. text]);
    }

    /// <summary>The job of an id; null where it is none, or another user's.</summary>
    public Job? Find(string id, string user)
    {
        var start = id.IndexOf('_', StringComparison.Ordinal) + 1;
        if (id.Length > LongestId || start == 0 || !Base64Url.IsValid(id.AsSpan(start)))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(id.AsSpan(start));
        if (bytes.Length <= SealLength || !CryptographicOperations.FixedTimeEquals(Seal(user, bytes.AsSpan(SealLength)), bytes.AsSpan(0, SealLength)))
        {
            return null;
        }

        return Encoding.UTF8.GetString(bytes.AsSpan(SealLength)).Split('\n') is [var provider, var mark, var model, var upstreamModel, var upstreamId]
            ? new Job(provider, mark, model, upstreamModel, upstreamId)
            : null;
    }

    /// <summary>
    /// The credential that a job is asked for with: the one that began it. Where that is gone and the provider has one only, that one, since a key
    /// that was replaced is the same account's; null where nobody can tell.
    /// </summary>
    public (Credential? Credential, bool IsKnown) CredentialFor(Job job, ProviderSettings provider)
    {
        foreach (var credential in provider.Credentials)
        {
            if (MarkOf(credential) == job.KeyMark)
            {
                return (credential, true);
            }
        }

        return provider.Credentials.Count switch
        {
            0 => (null, true),
            1 => (provider.Credentials[0], true),
            _ => (null, false),
        };
    }

    private string MarkOf(Credential? credential) =>
        credential is null ? "" : Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes("credential\n" + credential.Secret)).AsSpan(0, 6));

    private byte[] Seal(string user, ReadOnlySpan<byte> text)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData("job\n"u8);
        hmac.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(user)));
        hmac.AppendData(text);
        return hmac.GetHashAndReset()[..SealLength];
    }
}
