using Sluice.Core.Configuration;

namespace Sluice.Core.Routing;

/// <summary>What a request's <c>provider</c> object wants of its endpoints: OpenRouter's fields with OpenRouter's meaning. Absent members want nothing.</summary>
/// <remarks>Source: OpenRouter's documentation of provider routing. Provider names match a provider's slug, a slug with suffix (<c>google-vertex/us-east5</c>), or a display name.</remarks>
public sealed record ProviderPreferences
{
    /// <summary>Wants nothing.</summary>
    public static readonly ProviderPreferences None = new();

    /// <summary>Providers to try first, in this order.</summary>
    public IReadOnlyList<string> Order { get; init; } = [];

    /// <summary>The only providers allowed; empty is all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Providers not allowed.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>The only providers that the configured rule allows, by their names in the file; empty is all. No request can set it.</summary>
    public IReadOnlyList<string> AllowedByRule { get; init; } = [];

    /// <summary>False: nothing beyond <see cref="Order"/>, or beyond the best endpoint where there is no order.</summary>
    public bool AllowFallbacks { get; init; } = true;

    /// <summary>Leave out endpoints that do not take every parameter of the request.</summary>
    public bool RequireParameters { get; init; }

    /// <summary><c>data_collection: deny</c>: leave out providers that train on prompts or keep them.</summary>
    public bool DenyDataCollection { get; init; }

    /// <summary>Only endpoints with zero data retention.</summary>
    public bool ZeroDataRetention { get; init; }

    /// <summary>Allowed quantizations (<c>int4</c>, <c>fp8</c>, …); empty is all.</summary>
    public IReadOnlyList<string> Quantizations { get; init; } = [];

    /// <summary>The order asked for; null is the configured one.</summary>
    public RouteSort? Sort { get; init; }

    /// <summary><c>sort.partition: none</c>: endpoints of all models are sorted together, where else those of the first model stand before those of the next.</summary>
    public bool SortAcrossModels { get; init; }

    /// <summary>Tokens per second that an endpoint should give; slower ones go to the end.</summary>
    public Percentiles? PreferredMinThroughput { get; init; }

    /// <summary>Seconds to the first token that an endpoint should not exceed; slower ones go to the end.</summary>
    public Percentiles? PreferredMaxLatency { get; init; }

    /// <summary>Only models whose author permits distillation. Nothing here knows which those are: the plan says so in a note.</summary>
    public bool EnforceDistillableText { get; init; }

    /// <summary>Dearer endpoints are left out.</summary>
    public PriceLimit? MaxPrice { get; init; }
}

/// <summary>Cutoffs by percentile; null ones do not hold. A plain number is the median.</summary>
public sealed record Percentiles(double? P50, double? P75, double? P90, double? P99);

/// <summary>Highest prices: prompt and completion in USD per million tokens, the others in USD each; null is no limit.</summary>
public sealed record PriceLimit(decimal? Prompt, decimal? Completion, decimal? Request, decimal? Image, decimal? Audio);
