using Microsoft.Extensions.Logging;

namespace Sluice.Server.Operations;

/// <summary>Log events of operations: 1100 to 1199.</summary>
internal static partial class OperationsLog
{
    [LoggerMessage(1100, LogLevel.Warning, "What was known of the providers' health is not taken over from {Path}: {Why}. Health starts clean.")]
    public static partial void HealthNotRead(ILogger logger, string path, string why);

    [LoggerMessage(1101, LogLevel.Warning, "What is known of the providers' health could not be written to {Path}: {Why}. A restart will not remember it.")]
    public static partial void HealthNotWritten(ILogger logger, string path, string why);
}
