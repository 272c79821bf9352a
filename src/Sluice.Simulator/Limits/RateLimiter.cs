namespace Sluice.Simulator.Limits;

/// <summary>One limit of a credential as headers show it.</summary>
/// <param name="Limit">Per minute.</param>
/// <param name="Remaining">What is left now, at least 0.</param>
/// <param name="FullIn">Until all of it is there again.</param>
internal readonly record struct LimitReading(int Limit, int Remaining, TimeSpan FullIn);

/// <summary>All limits of a credential at one moment.</summary>
internal sealed record RateLimitState(DateTimeOffset Now, LimitReading? Requests, LimitReading? Input, LimitReading? Output)
{
    /// <summary>What refused the request: <c>requests</c>, <c>input tokens</c> or <c>output tokens</c>; null when nothing did.</summary>
    public string? Refused { get; init; }

    /// <summary>The refusing limit per minute.</summary>
    public int RefusedLimit { get; init; }

    /// <summary>Whole seconds until another try can succeed.</summary>
    public long RetryAfter { get; init; }
}

/// <summary>Token buckets by credential: full at first, refilled steadily over a minute.</summary>
internal sealed class RateLimiter(SimulatorRateLimits limits, TimeProvider time)
{
    /// <summary>Credentials tracked; beyond it all buckets start anew, which only tests that invent keys in bulk can meet.</summary>
    private const int MaxCredentials = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Bucket[]> _buckets = new(StringComparer.Ordinal);

    /// <summary>Takes a request with its input, or refuses it and takes nothing.</summary>
    public RateLimitState Take(string credential, int inputTokens)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var buckets = Of(credential, now);
            Bucket requests = buckets[0], input = buckets[1], output = buckets[2];
            var (name, refusing, need) =
                !requests.Has(1, now) ? ("requests", requests, 1d)
                : !input.Has(Math.Min(inputTokens, input.Limit ?? 0), now) ? ("input tokens", input, inputTokens)
                : !output.Has(1, now) ? ("output tokens", output, 1d)
                : default;
            if (refusing is not null)
            {
                return State(buckets, now) with
                {
                    Refused = name,
                    RefusedLimit = refusing.Limit!.Value,
                    RetryAfter = Math.Max(1, (long)Math.Ceiling(refusing.Until(Math.Min(need, refusing.Limit!.Value)).TotalSeconds)),
                };
            }

            requests.Level -= 1;
            input.Level -= inputTokens;
            return State(buckets, now);
        }
    }

    /// <summary>Takes what an answer turned out to need; the bucket may go below zero, as output is not known before.</summary>
    public RateLimitState Charge(string credential, int outputTokens)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var buckets = Of(credential, now);
            buckets[2].Has(0, now);
            buckets[2].Level -= outputTokens;
            return State(buckets, now);
        }
    }

    private Bucket[] Of(string credential, DateTimeOffset now)
    {
        if (!_buckets.TryGetValue(credential, out var buckets))
        {
            if (_buckets.Count >= MaxCredentials)
            {
                _buckets.Clear();
            }

            buckets = [new(limits.RequestsPerMinute, now), new(limits.InputTokensPerMinute, now), new(limits.OutputTokensPerMinute, now)];
            _buckets.Add(credential, buckets);
        }

        return buckets;
    }

    private static RateLimitState State(Bucket[] buckets, DateTimeOffset now) =>
        new(now, buckets[0].Reading(now), buckets[1].Reading(now), buckets[2].Reading(now));

    private sealed class Bucket(int? limit, DateTimeOffset start)
    {
        private DateTimeOffset _at = start;

        public int? Limit => limit;

        public double Level { get; set; } = limit ?? 0;

        public bool Has(double amount, DateTimeOffset now)
        {
            if (limit is not { } full)
            {
                return true;
            }

            Level = Math.Min(full, Level + ((now - _at).TotalMinutes * full));
            _at = now;

            // Refilling sums fractions: without the tolerance a wait of exactly the announced time could be a hair short.
            return Level + 1e-6 >= amount;
        }

        public TimeSpan Until(double amount) => limit is { } full && amount > Level ? TimeSpan.FromMinutes((amount - Level) / full) : TimeSpan.Zero;

        public LimitReading? Reading(DateTimeOffset now) =>
            limit is { } full && Has(0, now) is var _ ? new LimitReading(full, (int)Math.Max(0, Math.Floor(Level + 1e-6)), Until(full)) : null;
    }
}
