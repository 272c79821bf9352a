using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Responses;
using Google.Apis.Http;
using Sluice.Core.Configuration;

namespace Sluice.Upstreams.Credentials;

/// <summary>Tokens for Vertex, from any kind of Google credential file, or from the metadata server where <c>auth: machine</c> asks for it.</summary>
internal sealed class GoogleTokens(string provider, VertexSettings settings, AuthContext context) : ISecretSource<string>
{
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    // Read once: the file's text is part of the settings, so a changed file brings new settings.
    private ICredential? _credential;

    public async Task<Issued<string>> IssueAsync(CancellationToken cancellationToken)
    {
        try
        {
            _credential ??= Create();
            var isNew = _credential switch
            {
                ServiceCredential service => await service.RequestAccessTokenAsync(cancellationToken),
                UserCredential user => await user.RefreshTokenAsync(cancellationToken),
                _ => false,
            };
            var token = (_credential as ServiceCredential)?.Token ?? (_credential as UserCredential)?.Token;
            return isNew && token?.AccessToken is { Length: > 0 } value
                ? new(value, context.Time.GetUtcNow() + TimeSpan.FromSeconds(token.ExpiresInSeconds ?? 3600), null)
                : Issued<string>.Refused($"{Whose} gave no token. {Remedy}");
        }
        catch (TokenResponseException e)
        {
            var said = e.Error?.ErrorDescription is { Length: > 0 } description ? $"{e.Error.Error}: {description}" : e.Error?.Error ?? e.StatusCode?.ToString() ?? "no reason given";
            return e.StatusCode is { } status && (int)status >= 500
                ? Issued<string>.Unreachable($"{Whose} could not be exchanged for a token: Google answered {(int)status} ({said.TrimEnd('.')}).")
                : Issued<string>.Refused($"{Whose} was refused by Google ({said.TrimEnd('.')}). {Remedy}");
        }
        catch (HttpRequestException e)
        {
            return Issued<string>.Unreachable($"{Whose} could not be exchanged for a token: {e.Message.TrimEnd('.')}. Check that Google's token endpoint can be reached from here, and HTTPS_PROXY.");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or System.Security.Cryptography.CryptographicException or Newtonsoft.Json.JsonException)
        {
            // The library's message may quote the file, which holds a private key.
            return Issued<string>.Refused($"{Whose} cannot be read. {Remedy}");
        }
    }

    private string Whose => settings.Auth == CloudAuth.Machine ? $"Provider {provider}: the identity of this machine" : $"Provider {provider}: the Google credential";

    private string Remedy => settings.Auth == CloudAuth.Machine
        ? "Give the machine a service account that may call Vertex AI, or set credentials_file."
        : "Check credentials_file (or credentials): the account must exist, its key must be valid, and it needs the role Vertex AI User.";

    private ICredential Create()
    {
        var clients = new Clients(context.CreateHandler);
        return settings.Auth == CloudAuth.Machine
            ? new ComputeCredential(new ComputeCredential.Initializer { HttpClientFactory = clients, Scopes = [Scope] })
            : CredentialFactory.FromJson(settings.Credentials!, TypeOf(settings.Credentials!)).CreateScoped(Scope).CreateWithHttpClientFactory(clients).UnderlyingCredential;
    }

    private static string TypeOf(string credentials)
    {
        using var json = System.Text.Json.JsonDocument.Parse(credentials);
        return json.RootElement.TryGetProperty("type", out var type) ? type.GetString() ?? "" : "";
    }

    private sealed class Clients(Func<HttpMessageHandler> create) : HttpClientFactory
    {
        protected override HttpMessageHandler CreateHandler(CreateHttpClientArgs args) => create();
    }
}
