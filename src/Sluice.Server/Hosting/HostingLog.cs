using Microsoft.Extensions.Logging;

namespace Sluice.Server.Hosting;

/// <summary>Log events of starting, stopping and serving: 1000 to 1099.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1000, LogLevel.Error, "Request {RequestId} failed inside Sluice.")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(1001, LogLevel.Information, "Configuration reloaded.")]
    public static partial void Reloaded(ILogger logger);

    [LoggerMessage(1002, LogLevel.Error, "The changed configuration is broken and was not taken; the last good one serves on. {Error}")]
    public static partial void ReloadRefused(ILogger logger, string error);

    [LoggerMessage(1003, LogLevel.Warning, "{Warning}")]
    public static partial void ConfigurationWarning(ILogger logger, string warning);

    [LoggerMessage(1004, LogLevel.Information, "Listening on {Urls}.")]
    public static partial void Listening(ILogger logger, string urls);

    [LoggerMessage(1005, LogLevel.Information, "Stopping: open streams have {Seconds} s to finish.")]
    public static partial void Stopping(ILogger logger, double seconds);

    [LoggerMessage(1006, LogLevel.Error, "A part of Sluice could not take the changed configuration.")]
    public static partial void ReloadFaulted(ILogger logger, Exception exception);

    [LoggerMessage(1007, LogLevel.Warning, "The budget of {Budget} is spent to {Percent} percent.")]
    public static partial void BudgetPassed(ILogger logger, string budget, int percent);

    [LoggerMessage(1028, LogLevel.Warning, "The database does not answer about limits; this node goes on with its parts of them. {Reason}")]
    public static partial void LeasesLost(ILogger logger, string reason);

    [LoggerMessage(1029, LogLevel.Information, "The database answers about limits again, after {Seconds} s.")]
    public static partial void LeasesFound(ILogger logger, double seconds);

    [LoggerMessage(1030, LogLevel.Warning, "The database does not answer about budgets; this node goes on with what it has of them. {Reason}")]
    public static partial void SlicesLost(ILogger logger, string reason);

    [LoggerMessage(1031, LogLevel.Information, "The database answers about budgets again, after {Seconds} s.")]
    public static partial void SlicesFound(ILogger logger, double seconds);
}
