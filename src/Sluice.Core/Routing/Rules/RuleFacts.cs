namespace Sluice.Core.Routing.Rules;

/// <summary>What a condition may look at: one request, at one moment.</summary>
/// <param name="request">As the planner gets it.</param>
/// <param name="canonicalModel">The id that the request's model name means; null where it means nothing.</param>
/// <param name="now">UTC.</param>
internal readonly struct RuleFacts(RoutingRequest request, string? canonicalModel, DateTimeOffset now)
{
    public RoutingRequest Request { get; } = request;

    public string? CanonicalModel { get; } = canonicalModel;

    public DateTimeOffset Now { get; } = now;
}
