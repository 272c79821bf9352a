namespace Sluice.Commands;

/// <summary>A command cannot do what it was asked; the message is printed and the process ends.</summary>
/// <param name="message">Cause and remedy.</param>
/// <param name="exitCode">1 for a fault, 2 for bad usage.</param>
internal sealed class CommandFailure(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
