using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Sluice.Core.Configuration;

namespace Sluice.Upstreams.Credentials;

/// <summary>Entra tokens for Azure's AI services: an application's secret, a workload's token file, or the managed identity where <c>auth: machine</c> asks for it.</summary>
internal sealed class EntraTokens(string provider, AzureSettings settings, AuthContext context) : ISecretSource<string>
{
    private static readonly TokenRequestContext Scope = new(["https://cognitiveservices.azure.com/.default"]);

    private TokenCredential? _credential;

    public async Task<Issued<string>> IssueAsync(CancellationToken cancellationToken)
    {
        try
        {
            _credential ??= Create();
            var token = await _credential.GetTokenAsync(Scope, cancellationToken);
            return new(token.Token, token.ExpiresOn, null);
        }
        catch (CredentialUnavailableException e)
        {
            return Issued<string>.Refused($"Provider {provider}: there is no Entra identity to ask with ({Said(e)}). {Remedy}");
        }
        catch (AuthenticationFailedException e) when (Find<HttpRequestException>(e) is { } network)
        {
            return Issued<string>.Unreachable($"Provider {provider}: Entra could not be asked for a token: {network.Message.TrimEnd('.')}. Check that it can be reached from here, and HTTPS_PROXY.");
        }
        catch (AuthenticationFailedException e)
        {
            return Issued<string>.Refused($"Provider {provider}: Entra gave no token ({Said(e)}). {Remedy}");
        }
        catch (Exception e) when (e is ArgumentException or IOException or InvalidOperationException)
        {
            return Issued<string>.Refused($"Provider {provider}: Entra cannot be asked ({Said(e)}). {Remedy}");
        }
    }

    private string Remedy => settings.Auth == CloudAuth.Machine
        ? "Give this machine a managed identity with the role Cognitive Services User, or set auth: key with api_keys."
        : "Check tenant_id, client_id and client_secret (or AZURE_FEDERATED_TOKEN_FILE), and that the application has the role Cognitive Services User.";

    private TokenCredential Create()
    {
        var transport = new HttpClientTransport(context.CreateHandler());
        var authority = settings.AuthorityHost ?? AzureAuthorityHosts.AzurePublicCloud;
        if (settings.Auth == CloudAuth.Machine)
        {
            var identity = settings.ClientId is { } id ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned;
            return new ManagedIdentityCredential(new ManagedIdentityCredentialOptions(identity) { Transport = transport });
        }

        // Instance discovery asks the public cloud whether the authority is known; the configured one is meant, and no other host is called.
        return settings.ClientSecret is { } secret
            ? new ClientSecretCredential(settings.TenantId, settings.ClientId, secret, new ClientSecretCredentialOptions { AuthorityHost = authority, DisableInstanceDiscovery = true, Transport = transport })
            : new WorkloadIdentityCredential(new WorkloadIdentityCredentialOptions
            {
                AuthorityHost = authority,
                DisableInstanceDiscovery = true,
                Transport = transport,
                TenantId = settings.TenantId,
                ClientId = settings.ClientId,
                TokenFilePath = settings.FederatedTokenFile,
            });
    }

    // Entra's own words begin with their number and may stand in an inner exception; around them the library says what it tried, on several lines.
    private static string Said(Exception exception)
    {
        var message = exception.Message;
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner.Message.IndexOf("AADSTS", StringComparison.Ordinal) is >= 0 and var at)
            {
                message = inner.Message[at..];
                break;
            }
        }

        var end = message.AsSpan().IndexOfAny('\r', '\n');
        return (end < 0 ? message : message[..end]).TrimEnd('.', ' ');
    }

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}
