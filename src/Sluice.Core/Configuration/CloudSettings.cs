namespace Sluice.Core.Configuration;

/// <summary>How a cloud is signed in to.</summary>
public enum CloudAuth
{
    /// <summary>With what the configuration holds: a key, or the cloud's own credential file.</summary>
    Key,

    /// <summary>Azure: a token of Entra ID, for the application that the ids name.</summary>
    Entra,

    /// <summary>With the identity that the cloud gives this machine. Only this asks the cloud's metadata address.</summary>
    Machine,
}

/// <summary>What only the kinds of the large clouds need. Equal settings share their connections and tokens over a reload.</summary>
public abstract record CloudSettings
{
    /// <summary>How it is signed in to.</summary>
    public CloudAuth Auth { get; init; }

    /// <summary>What must never be shown, and what changes the content hash.</summary>
    internal abstract IEnumerable<string?> Secrets { get; }

    /// <summary>The kind's name alone: the members hold secrets.</summary>
    public sealed override string ToString() => GetType().Name;
}

/// <summary>Azure OpenAI and AI Foundry.</summary>
public sealed record AzureSettings : CloudSettings
{
    /// <summary>A dated version means the addresses with the deployment in the path; null, <c>v1</c>, <c>preview</c> or <c>latest</c> the <c>/openai/v1</c> ones.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Entra directory.</summary>
    public string? TenantId { get; init; }

    /// <summary>Entra application, or the managed identity of <see cref="CloudAuth.Machine"/> where there are several.</summary>
    public string? ClientId { get; init; }

    /// <summary>The application's secret; null where a workload's token file proves who it is.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>A workload's token, kept fresh by the platform; absolute.</summary>
    public string? FederatedTokenFile { get; init; }

    /// <summary>Where Entra is, in clouds of their own; null is the public one.</summary>
    public Uri? AuthorityHost { get; init; }

    internal override IEnumerable<string?> Secrets => [ApiVersion, TenantId, ClientId, ClientSecret, FederatedTokenFile];
}

/// <summary>Amazon Bedrock.</summary>
public sealed record BedrockSettings : CloudSettings
{
    /// <summary>AWS region: in the host and in the signature.</summary>
    public required string Region { get; init; }

    /// <summary>With <see cref="SecretAccessKey"/>: signs with these.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>The other half.</summary>
    public string? SecretAccessKey { get; init; }

    /// <summary>Of temporary keys.</summary>
    public string? SessionToken { get; init; }

    /// <summary>A profile of AWS's own files; counts where no keys are given.</summary>
    public string? Profile { get; init; }

    internal override IEnumerable<string?> Secrets => [Region, AccessKeyId, SecretAccessKey, SessionToken, Profile];
}

/// <summary>Google Vertex AI.</summary>
public sealed record VertexSettings : CloudSettings
{
    /// <summary>Project id; null only with an API key (express mode).</summary>
    public string? Project { get; init; }

    /// <summary>Region, or <c>global</c>.</summary>
    public required string Location { get; init; }

    /// <summary>The text of a Google credential file; null with a key or the machine's identity.</summary>
    public string? Credentials { get; init; }

    internal override IEnumerable<string?> Secrets => [Project, Location, Credentials];
}
