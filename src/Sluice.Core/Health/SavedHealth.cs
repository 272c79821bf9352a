using System.Text.Json.Serialization;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Health;

/// <summary>What a restart must not forget: deadlines that are still to come, dead credentials, open circuits. No secrets: credentials are told apart by a keyed hash.</summary>
public sealed record SavedHealth
{
    /// <summary>Of this record; another one is not read.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Of this record.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Key of the hashes, drawn once per file.</summary>
    public byte[] Salt { get; init; } = [];

    /// <summary>Marks of endpoints, and of credentials at them.</summary>
    public IReadOnlyList<SavedMark> Endpoints { get; init; } = [];

    /// <summary>Marks of credentials for every model.</summary>
    public IReadOnlyList<SavedAccount> Credentials { get; init; } = [];

    /// <summary>Whose state this is: a changed address or secret makes it another's.</summary>
    public IReadOnlyList<SavedProvider> Providers { get; init; } = [];

    /// <summary>Nothing is missing that its readers rely on: a file may hold any JSON.</summary>
    [JsonIgnore]
    public bool IsWhole =>
        Salt is { Length: >= 16 } && Endpoints is not null && Credentials is not null && Providers is not null
        && Endpoints.All(mark => mark is { Endpoint: not null })
        && Credentials.All(account => account is { Provider: not null, Credential: not null })
        && Providers.All(provider => provider is { Name: not null, Place: not null, Secrets: not null });
}

/// <summary>What a mark's provider was.</summary>
/// <param name="Name">Slug.</param>
/// <param name="Place">Kind and address.</param>
/// <param name="Secrets">Keyed hash of each credential's secret, by id.</param>
public sealed record SavedProvider(string Name, string Place, IReadOnlyDictionary<string, string> Secrets);

/// <summary>A credential for every model.</summary>
/// <param name="Provider">Slug.</param>
/// <param name="Credential">Id; "" for none.</param>
/// <param name="Until">UTC ticks; <see cref="long.MaxValue"/> for dead.</param>
/// <param name="DeadBy">What it is dead by.</param>
public sealed record SavedAccount(string Provider, string Credential, long Until, ErrorKind? DeadBy);

/// <summary>An endpoint, or one credential at it. Times are UTC ticks.</summary>
/// <param name="Endpoint">Id.</param>
/// <param name="Credential">Id; "" for no credential, null for the endpoint itself.</param>
/// <param name="Until">End of the cooldown; 0 for none, <see cref="long.MaxValue"/> for dead.</param>
/// <param name="OpenedAt">When the circuit opened; 0 for closed.</param>
/// <param name="OpenUntil">When it is half-open.</param>
/// <param name="AskableFrom">When a probe may start if nobody else is left.</param>
/// <param name="Openings">How often it has opened since the last success.</param>
public sealed record SavedMark(string Endpoint, string? Credential, long Until, long OpenedAt, long OpenUntil, long AskableFrom, int Openings)
{
    internal static void Add(List<SavedMark> marks, string endpoint, string? credential, Mark mark, Circuit circuit, long now)
    {
        if (mark.Until > now || !circuit.IsClosed)
        {
            marks.Add(circuit.IsClosed
                ? new SavedMark(endpoint, credential, mark.Until, 0, 0, 0, 0)
                : new SavedMark(endpoint, credential, mark.Until > now ? mark.Until : 0, circuit.OpenedAt, circuit.Until, circuit.AskableFrom, circuit.Openings));
        }
    }
}

/// <summary>Its form in the file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(SavedHealth))]
public sealed partial class SavedHealthJson : JsonSerializerContext;
