namespace Sluice.Protocols.Errors;

/// <summary>An error as a client is told it; each wire format writes it in its own native shape.</summary>
/// <param name="Kind">What.</param>
/// <param name="Source">Whose.</param>
/// <param name="Status">HTTP status. Already the client's: <see cref="ErrorKind.Overloaded"/> is 529 to Anthropic clients, 503 to others.</param>
/// <param name="Message">The cause, and what to do, in a sentence or two. Holds no secret.</param>
public sealed record GatewayError(ErrorKind Kind, ErrorSource Source, int Status, string Message)
{
    /// <summary>One sentence: what to do now.</summary>
    public string? Remedy { get; init; }

    /// <summary>Address of the page about this kind of error.</summary>
    public string? DocsUrl { get; init; }

    /// <summary>The <c>gen-…</c> id of the request.</summary>
    public string? RequestId { get; init; }

    /// <summary>The request member at fault.</summary>
    public string? Param { get; init; }

    /// <summary>The upstream's own code, where one of the same protocol gave it.</summary>
    public string? Code { get; init; }

    /// <summary>The provider that said it.</summary>
    public string? Provider { get; init; }

    /// <summary>When to try again; whole seconds, 1 to 55, on every 429 and 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>False: trying again cannot help (<c>x-should-retry</c>). Null: the client's own rules.</summary>
    public bool? ShouldRetry { get; init; }

    /// <summary>The limit or budget that fired, with its numbers.</summary>
    public string? Limit { get; init; }

    /// <summary>The limit of Sluice's own that fired, as OpenRouter's clients are told it.</summary>
    public ErrorRateLimit? RateLimit { get; init; }

    /// <summary>Which money is missing, as OpenRouter's clients are told it: <c>openrouter_credits</c>, <c>openrouter_key_limit</c>, …</summary>
    public string? LimitSource { get; init; }

    /// <summary>The operator's guardrails that the request ran into, by name.</summary>
    public IReadOnlyList<string> Guardrails { get; init; } = [];

    /// <summary>Tokens sent and allowed, for <see cref="ErrorKind.ContextLength"/>.</summary>
    public (long Sent, long Allowed)? ContextTokens { get; init; }

    /// <summary>What of its kind it is, one word, where one kind has several: <c>key_missing</c>, <c>key_unknown</c>, <c>key_revoked</c>, <c>key_expired</c>, or <c>dns</c>, <c>connect</c>, <c>tls</c>, <c>proxy</c>, <c>cut</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The provider's own words, without anything that Sluice put around them.</summary>
    public string? ProviderMessage { get; init; }

    /// <summary>What each filter of the request left of the model's endpoints; only where they left none.</summary>
    public IReadOnlyList<ErrorFunnelStep> Funnel { get; init; } = [];

    /// <summary>The models that the request names, its own first; empty where that is not known.</summary>
    public IReadOnlyList<string> RequestedModels { get; init; } = [];

    /// <summary>Models to use in the place of the one asked for, the best first: successors, or such with names like it that the caller may use.</summary>
    public IReadOnlyList<string> FallbackModels { get; init; } = [];

    /// <summary>The client came by <c>/api</c>: Chat bodies have the status as their code, as OpenRouter's have.</summary>
    public bool AsOpenRouter { get; init; }

    /// <summary>Every attempt, in order.</summary>
    public IReadOnlyList<AttemptSummary> Attempts { get; init; } = [];
}

/// <summary>A limit of Sluice's own that has nothing left.</summary>
/// <param name="Source">Which, one word: <c>sluice_key_rpm</c>, <c>openrouter_free_tier_daily</c>.</param>
/// <param name="Limit">Its size.</param>
/// <param name="ResetAt">When it is free again, in milliseconds since 1970; null where nothing tells.</param>
public sealed record ErrorRateLimit(string Source, long Limit, long? ResetAt);

/// <summary>One filter on the way from all endpoints of a model to those that a request allows.</summary>
/// <param name="Step">What was asked there.</param>
/// <param name="Endpoints">How many were left after it.</param>
public sealed record ErrorFunnelStep(string Step, int Endpoints)
{
    /// <summary>OpenRouter's word for the filter (<c>max_price</c>, <c>data_policy:zdr</c>, …); null where it has none.</summary>
    public string? ExcludedBy { get; init; }
}

/// <summary>One attempt as an error body shows it.</summary>
/// <param name="Provider">Slug.</param>
/// <param name="Model">Upstream model name.</param>
/// <param name="Status">HTTP status, null where none came.</param>
/// <param name="Kind">What went wrong.</param>
/// <param name="Milliseconds">From sending to the verdict.</param>
/// <param name="UpstreamRequestId">The provider's own id of the call.</param>
public sealed record AttemptSummary(string Provider, string Model, int? Status, ErrorKind Kind, long Milliseconds, string? UpstreamRequestId);
