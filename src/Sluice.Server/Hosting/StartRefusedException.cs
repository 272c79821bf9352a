namespace Sluice.Server.Hosting;

/// <summary>Sluice cannot start, and the message says why and what to do.</summary>
/// <param name="isUsage">True: bad usage or configuration (exit code 2); false: a fault of the machine (exit code 1).</param>
/// <param name="message">All of it, for the terminal.</param>
public sealed class StartRefusedException(bool isUsage, string message) : Exception(message)
{
    /// <summary>Bad usage or configuration.</summary>
    public bool IsUsage => isUsage;
}
