namespace Sluice.Core.Health;

/// <summary>
/// Where an endpoint of the catalogue keeps its place on the board, so that plans find it without a dictionary. Any two are equal: what is
/// known of an endpoint is no part of what it is.
/// </summary>
internal struct HealthSlot : IEquatable<HealthSlot>
{
    private EndpointHealth? _value;

    public EndpointHealth? Value
    {
        readonly get => Volatile.Read(in _value);
        set => Volatile.Write(ref _value, value);
    }

    public readonly bool Equals(HealthSlot other) => true;

    public override readonly bool Equals(object? obj) => obj is HealthSlot;

    public override readonly int GetHashCode() => 0;
}
