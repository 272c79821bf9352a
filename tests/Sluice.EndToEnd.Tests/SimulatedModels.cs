namespace Sluice.EndToEnd.Tests;

/// <summary>What the simulator serves.</summary>
internal static class SimulatedModels
{
    /// <summary>Says what it was told.</summary>
    public const string Echo = "sim/echo";

    /// <summary>Calls a tool first, then answers.</summary>
    public const string Tools = "sim/tools";
}
