namespace Sluice.Simulator;

/// <summary>What one simulator is; every value has a default that needs no set-up.</summary>
public sealed record SimulatorOptions
{
    /// <summary>TCP port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>How fast streams are sent.</summary>
    public SimulatorSpeed Speed { get; init; } = SimulatorSpeed.EachEvent;

    /// <summary>Wait between the headers' turn and the first byte of every answer.</summary>
    public TimeSpan FirstByteDelay { get; init; }

    /// <summary>The clock of pauses, cache lifetimes and rate limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Seeds fault probabilities and the key of thinking signatures: simulators with different seeds refuse each other's signatures, as two real providers do.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Refuses thinking that comes back without this simulator's own signature over its exact text. Off for replaying conversations that were had elsewhere.</summary>
    public bool VerifySignatures { get; init; } = true;

    /// <summary>Keys that are let in, any other gets the vendor's 401; null lets everyone in.</summary>
    public IReadOnlyCollection<string>? AcceptedCredentials { get; init; }

    /// <summary>Secret access keys by access key id: Bedrock requests signed for one of these must carry the right signature. Of others only the signature's form is looked at.</summary>
    public IReadOnlyDictionary<string, string> AwsSecrets { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Model ids that <c>GET /v1/models</c> lists.</summary>
    public IReadOnlyList<string> Models { get; init; } = ["sim/echo", "sim/tools", "sim/think"];

    /// <summary>Prompts of more tokens are refused with the vendor's overflow error; null for no limit.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>Rate limits of each credential; null for none (and no rate-limit headers).</summary>
    public SimulatorRateLimits? RateLimits { get; init; }

    /// <summary>Prefixes shorter than this many tokens are not cached, as at the real providers.</summary>
    public int MinimumCacheTokens { get; init; } = 1024;

    /// <summary>
    /// Answers by model and stream flag alone: the first answer's bytes are kept and sent again to every later request for that model, whose body is not parsed.
    /// For benchmarks; fault headers and scripts work on, everything that depends on the prompt does not.
    /// </summary>
    public bool PreparedAnswers { get; init; }

    /// <summary>Recordings that are answered by model name, before anything is generated.</summary>
    public IReadOnlyDictionary<string, ReplayAnswer> Replay { get; init; } = new Dictionary<string, ReplayAnswer>(StringComparer.Ordinal);

    /// <summary>Requests that the record keeps; the oldest go first.</summary>
    public int MaxRecords { get; init; } = 10_000;

    /// <summary>Bytes of bodies that the record keeps in total; the oldest bodies go first.</summary>
    public long MaxRecordedBodyBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Largest request body that is read, in bytes; a longer one gets 413.</summary>
    public int MaxBodyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Serves <c>/_sim/</c>: script, record and gauge as JSON, for a simulator in another process.</summary>
    public bool ExposeControl { get; init; }
}

/// <summary>Limits of each credential by the minute, refilled steadily; null for no limit of that sort.</summary>
/// <param name="RequestsPerMinute">Requests.</param>
/// <param name="InputTokensPerMinute">Prompt tokens that were not read from the cache.</param>
/// <param name="OutputTokensPerMinute">Answer tokens.</param>
public sealed record SimulatorRateLimits(int? RequestsPerMinute = null, int? InputTokensPerMinute = null, int? OutputTokensPerMinute = null);
