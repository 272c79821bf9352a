using Sluice.Core.Health;

namespace Sluice.Server.Operations;

/// <summary>How reports call the states of a circuit.</summary>
internal static class CircuitNames
{
    public static string Of(CircuitState state) => state switch
    {
        CircuitState.Open => "open",
        CircuitState.HalfOpen => "half_open",
        _ => "closed",
    };
}
