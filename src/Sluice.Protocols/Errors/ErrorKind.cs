namespace Sluice.Protocols.Errors;

/// <summary>What went wrong; a closed list that every client, report and metric shares.</summary>
public enum ErrorKind
{
    /// <summary>The request is malformed or asks for what does not exist.</summary>
    InvalidRequest,

    /// <summary>No key, or an unknown one.</summary>
    Authentication,

    /// <summary>A known key that may not do this.</summary>
    Permission,

    /// <summary>No credit left.</summary>
    Credits,

    /// <summary>No such model.</summary>
    ModelNotFound,

    /// <summary>The model exists, but nothing can serve it now or under these filters.</summary>
    NoEndpoint,

    /// <summary>The prompt is longer than the model's window.</summary>
    ContextLength,

    /// <summary>Filtered.</summary>
    ContentPolicy,

    /// <summary>Too many requests or tokens per time.</summary>
    RateLimit,

    /// <summary>A quota is used up.</summary>
    QuotaExhausted,

    /// <summary>The provider has no capacity.</summary>
    Overloaded,

    /// <summary>Somebody did not answer in time.</summary>
    Timeout,

    /// <summary>The provider failed.</summary>
    UpstreamError,

    /// <summary>DNS, TCP or TLS failed, or the connection was cut.</summary>
    Connection,

    /// <summary>The provider's answer is not what its protocol allows.</summary>
    BadResponse,

    /// <summary>The client went away.</summary>
    Cancelled,

    /// <summary>A fault in Sluice itself.</summary>
    Internal,

    /// <summary>The provider serves nobody in the place that the call came from.</summary>
    RegionRestricted,
}

/// <summary>Whose fault it is.</summary>
public enum ErrorSource
{
    /// <summary>The request.</summary>
    Client,

    /// <summary>Sluice, its configuration or its limits.</summary>
    Gateway,

    /// <summary>The upstream account or model.</summary>
    Provider,

    /// <summary>What lies between Sluice and the provider.</summary>
    Network,
}
