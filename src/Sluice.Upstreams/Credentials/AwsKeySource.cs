using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Sluice.Core.Configuration;

namespace Sluice.Upstreams.Credentials;

/// <summary>
/// AWS keys by the order of the configuration: keys written there, a profile of AWS's own files, and the role of this container or instance only where
/// <c>auth: machine</c> asks for it, since that calls the metadata address.
/// </summary>
internal sealed class AwsKeySource(string provider, BedrockSettings settings, AuthContext context) : ISecretSource<AwsKeys>
{
    // What Amazon's library does not date (static keys, credential_process without an end) is read again after this long.
    private static readonly TimeSpan Undated = TimeSpan.FromMinutes(20);

    public async Task<Issued<AwsKeys>> IssueAsync(CancellationToken cancellationToken)
    {
        if (settings is { AccessKeyId: { } id, SecretAccessKey: { } secret })
        {
            return new(new AwsKeys(id, secret, settings.SessionToken), DateTimeOffset.MaxValue, null);
        }

        var isMachine = settings.Auth == CloudAuth.Machine;
        try
        {
            // The library looks for files and roles synchronously.
            if (await Task.Run(() => Find(isMachine), cancellationToken).WaitAsync(cancellationToken) is not { } found)
            {
                return Issued<AwsKeys>.Refused(
                    $"Provider {provider}: the AWS profile {settings.Profile ?? "default"} is not there or holds no keys. Set access_key_id and secret_access_key, another profile, or auth: machine.");
            }

            var keys = await found.GetCredentialsAsync().WaitAsync(cancellationToken);
            var now = context.Time.GetUtcNow();
            var ends = found is RefreshingAWSCredentials { Expiration: { } end } && end > now.UtcDateTime ? new DateTimeOffset(DateTime.SpecifyKind(end, DateTimeKind.Utc)) : now + Undated;
            return new(new AwsKeys(keys.AccessKey, keys.SecretKey, keys.UseToken ? keys.Token : null), ends, null);
        }
        catch (Exception e) when (e is AmazonClientException or HttpRequestException or IOException or InvalidOperationException or ArgumentException or TimeoutException)
        {
            // The library's own words name files and addresses, never keys.
            return isMachine
                ? Issued<AwsKeys>.Unreachable($"Provider {provider}: the role of this machine gave no AWS keys ({e.Message.TrimEnd('.')}). Give the instance or container a role that may call Bedrock, or set access_key_id and secret_access_key.")
                : Issued<AwsKeys>.Refused($"Provider {provider}: the AWS profile {settings.Profile ?? "default"} gave no keys ({e.Message.TrimEnd('.')}). Mend the profile, or set access_key_id and secret_access_key.");
        }
    }

    private AWSCredentials? Find(bool isMachine)
    {
        if (!isMachine)
        {
            // The library reads this variable once for the life of the process, and another provider may be opened after it has changed.
            var file = Environment.GetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE");
            return new CredentialProfileStoreChain(file).TryGetAWSCredentials(settings.Profile ?? "default", out var found) ? found : null;
        }

        return IsContainer() ? new GenericContainerCredentials() : new InstanceProfileAWSCredentials();
    }

    private static bool IsContainer() =>
        Environment.GetEnvironmentVariable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") is { Length: > 0 }
        || Environment.GetEnvironmentVariable("AWS_CONTAINER_CREDENTIALS_FULL_URI") is { Length: > 0 };
}
