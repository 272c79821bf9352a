using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sluice.Core.Configuration.Reading;

/// <summary>
/// What only the kinds <c>azure</c>, <c>bedrock</c> and <c>vertex</c> have. Names are those of LiteLLM without the cloud's prefix (<c>aws_access_key_id</c>
/// is <c>access_key_id</c>); what a cloud's own tools take from the environment is taken from there where the file is silent.
/// </summary>
internal sealed partial class CloudReader(ConfigSources sources, Substitution substitution, Findings findings)
{
    private static readonly (string Field, ProviderKind Kind)[] Owners =
    [
        ("api_version", ProviderKind.Azure), ("deployments", ProviderKind.Azure), ("tenant_id", ProviderKind.Azure), ("client_id", ProviderKind.Azure), ("client_secret", ProviderKind.Azure),
        ("access_key_id", ProviderKind.Bedrock), ("secret_access_key", ProviderKind.Bedrock), ("session_token", ProviderKind.Bedrock), ("profile", ProviderKind.Bedrock),
        ("project", ProviderKind.Vertex), ("location", ProviderKind.Vertex), ("credentials", ProviderKind.Vertex), ("credentials_file", ProviderKind.Vertex),
    ];

    /// <summary>The settings of a cloud's kind, null for other kinds and where they are wrong.</summary>
    public CloudSettings? Read(ConfigValue item, ProviderKind kind, bool hasKeys)
    {
        foreach (var (field, owner) in Owners)
        {
            if (owner != kind && item[field] is { } stray)
            {
                findings.Error(stray, $"only kind {ProviderKindNames.WordOf(owner)} has this; remove it");
            }
        }

        var auth = item.Get<string>("auth") switch { "entra" => CloudAuth.Entra, "machine" => CloudAuth.Machine, _ => CloudAuth.Key };
        var isCloud = kind is ProviderKind.Azure or ProviderKind.Bedrock or ProviderKind.Vertex;
        if ((!isCloud && auth != CloudAuth.Key) || (auth == CloudAuth.Entra && kind != ProviderKind.Azure))
        {
            findings.Error(item["auth"]!, isCloud ? "only kind azure has entra; allowed: key | machine" : "only kinds azure, bedrock and vertex have other ways; allowed: key");
        }
        else if (auth != CloudAuth.Key && hasKeys)
        {
            findings.Error(item["auth"]!, "api_keys would not be used; remove them, or write auth: key");
        }

        return kind switch
        {
            ProviderKind.Azure => Azure(item, auth),
            ProviderKind.Bedrock => Bedrock(item, auth, hasKeys),
            ProviderKind.Vertex => Vertex(item, auth, hasKeys),
            _ => null,
        };
    }

    /// <summary>Azure's <c>deployments</c>.</summary>
    public static IReadOnlyDictionary<string, string> Deployments(ConfigValue item) =>
        (item["deployments"]?.Members ?? []).ToDictionary(member => member.Key, member => (string)member.Value.Scalar!, StringComparer.Ordinal);

    /// <summary>Where a cloud's provider is called when the file does not say; null for other kinds, and for Azure, where every resource has its own.</summary>
    public static Uri? DefaultUrl(CloudSettings? cloud) => cloud switch
    {
        BedrockSettings bedrock => new Uri($"https://bedrock-runtime.{bedrock.Region}.amazonaws.com{(bedrock.Region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : "")}"),
        VertexSettings { Location: "global" } => new Uri("https://aiplatform.googleapis.com"),
        VertexSettings { Location: "us" or "eu" } vertex => new Uri($"https://aiplatform.{vertex.Location}.rep.googleapis.com"),
        VertexSettings vertex => new Uri($"https://{vertex.Location}-aiplatform.googleapis.com"),
        _ => null,
    };

    /// <summary>A region or location that can stand in a host's name.</summary>
    internal static bool IsRegion(string text) => Region().IsMatch(text);

    /// <summary>JSON of one of the types that Google's libraries can sign in with.</summary>
    internal static bool IsGoogleCredential(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
                && type.GetString() is "service_account" or "authorized_user" or "external_account" or "external_account_authorized_user" or "impersonated_service_account";
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private AzureSettings Azure(ConfigValue item, CloudAuth auth)
    {
        if (item["base_url"] is null)
        {
            findings.Error(item["kind"]!, "kind azure needs base_url: the endpoint of your resource, such as https://NAME.openai.azure.com");
        }

        var settings = new AzureSettings
        {
            Auth = auth,
            ApiVersion = Text(item, "api_version"),
            TenantId = auth == CloudAuth.Entra ? Text(item, "tenant_id") ?? Variable("AZURE_TENANT_ID") : null,
            ClientId = auth == CloudAuth.Key ? null : Text(item, "client_id") ?? Variable("AZURE_CLIENT_ID"),
            ClientSecret = auth == CloudAuth.Entra ? Text(item, "client_secret") ?? Variable("AZURE_CLIENT_SECRET") : null,
            FederatedTokenFile = auth == CloudAuth.Entra && Variable("AZURE_FEDERATED_TOKEN_FILE") is { } file ? Path.GetFullPath(file, sources.BaseDirectory) : null,
            AuthorityHost = auth == CloudAuth.Entra && Uri.TryCreate(Variable("AZURE_AUTHORITY_HOST"), UriKind.Absolute, out var host) && host.Scheme == Uri.UriSchemeHttps ? host : null,
        };
        var missing = Missing(("tenant_id or AZURE_TENANT_ID", settings.TenantId), ("client_id or AZURE_CLIENT_ID", settings.ClientId), ("client_secret or AZURE_CLIENT_SECRET (or a workload's AZURE_FEDERATED_TOKEN_FILE)", settings.ClientSecret ?? settings.FederatedTokenFile));
        if (auth == CloudAuth.Entra && missing.Length > 0)
        {
            findings.Error(item["auth"]!, $"entra needs {missing}");
        }

        return settings;
    }

    private BedrockSettings? Bedrock(ConfigValue item, CloudAuth auth, bool hasKeys)
    {
        var region = Text(item, "region") ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? Variable("AWS_REGION_NAME");
        if (region is null || !IsRegion(region))
        {
            findings.Error(item["region"] ?? item["kind"]!, "kind bedrock needs region (or AWS_REGION): an AWS region such as us-east-1");
            return null;
        }

        var id = Text(item, "access_key_id");
        var secret = Text(item, "secret_access_key");
        if (id is null != secret is null)
        {
            findings.Error(item[id is null ? "secret_access_key" : "access_key_id"]!, "access_key_id and secret_access_key go together; one of them is missing");
        }

        // The file's own words decide first; the environment is asked only where it names no way at all.
        var session = Text(item, "session_token");
        var isOpen = auth == CloudAuth.Key && !hasKeys && id is null && secret is null && Text(item, "profile") is null;
        if (isOpen && Variable("AWS_ACCESS_KEY_ID") is { } named && Variable("AWS_SECRET_ACCESS_KEY") is { } other)
        {
            (id, secret, session) = (named, other, Variable("AWS_SESSION_TOKEN"));
        }

        return new BedrockSettings
        {
            Auth = auth,
            Region = region,
            AccessKeyId = id,
            SecretAccessKey = secret,
            SessionToken = session,
            Profile = Text(item, "profile") ?? (isOpen && id is null ? Variable("AWS_PROFILE") : null),
        };
    }

    private VertexSettings? Vertex(ConfigValue item, CloudAuth auth, bool hasKeys)
    {
        var location = Text(item, "location") ?? Variable("GOOGLE_CLOUD_LOCATION") ?? Variable("VERTEXAI_LOCATION") ?? "global";
        if (!IsRegion(location))
        {
            findings.Error(item["location"] ?? item["kind"]!, "allowed: a location such as us-east5, europe-west1 or global");
            return null;
        }

        var project = Text(item, "project") ?? (hasKeys ? null : Variable("GOOGLE_CLOUD_PROJECT") ?? Variable("VERTEXAI_PROJECT"));
        if (project is null && !hasKeys)
        {
            findings.Error(item["kind"]!, "kind vertex needs project (or GOOGLE_CLOUD_PROJECT); only with api_keys (express mode) it may be left out");
        }

        var needsFile = auth == CloudAuth.Key && !hasKeys;
        return new VertexSettings { Auth = auth, Project = project, Location = location, Credentials = needsFile ? GoogleCredentials(item) : null };
    }

    // Written in the file, else where Google's own libraries look: the variable, then what `gcloud auth application-default login` left.
    private string? GoogleCredentials(ConfigValue item)
    {
        var at = item["credentials"] ?? item["credentials_file"] ?? item["kind"]!;
        if (Text(item, "credentials") is { } written)
        {
            return Checked(written, at);
        }

        var variable = Variable("GOOGLE_APPLICATION_CREDENTIALS") is { } file ? Path.GetFullPath(file, sources.BaseDirectory) : null;
        var named = Text(item, "credentials_file") ?? variable;
        var path = named ?? (Variable("HOME") is { } home ? Path.Combine(home, ".config/gcloud/application_default_credentials.json") : null);
        if (path is not null && substitution.ReadFile(path) is { } content)
        {
            return Checked(content, at);
        }

        findings.Error(at, named is null
            ? "kind vertex needs credentials_file (or GOOGLE_APPLICATION_CREDENTIALS): a Google credential file; or auth: machine on Google's own machines, or api_keys"
            : $"the Google credential file {path} cannot be read; create it or make it readable");
        return null;
    }

    private string? Checked(string credentials, ConfigValue at)
    {
        if (!IsGoogleCredential(credentials))
        {
            findings.Error(at with { Shown = "(secret)" }, "allowed: a Google credential file: JSON with a type of service_account, authorized_user, external_account, external_account_authorized_user or impersonated_service_account");
            return null;
        }

        return credentials;
    }

    private static string Missing(params ReadOnlySpan<(string Name, string? Value)> needed)
    {
        var names = new List<string>();
        foreach (var (name, value) in needed)
        {
            if (value is null)
            {
                names.Add(name);
            }
        }

        return string.Join(", ", names);
    }

    private static string? Text(ConfigValue item, string name) => item.Get<string>(name)?.Trim() is { Length: > 0 } text ? text : null;

    private string? Variable(string name) => sources.Environment.GetValueOrDefault(name)?.Trim() is { Length: > 0 } value ? value : null;

    [GeneratedRegex("^[a-z][a-z0-9-]{0,40}$", RegexOptions.NonBacktracking)]
    private static partial Regex Region();
}
