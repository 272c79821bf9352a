using Microsoft.Extensions.Logging;
using Sluice.Core.Configuration;

namespace Sluice.Server.Hosting;

/// <summary>What one serving process starts from.</summary>
public sealed record ServeOptions
{
    /// <summary>Reads file, environment and flags; called at start and at every look at the file.</summary>
    public required Func<ConfigSources> Sources { get; init; }

    /// <summary>Makes a configuration of them, at start and at every change.</summary>
    public Func<ConfigSources, ConfigResult> Load { get; init; } = ConfigLoader.Load;

    /// <summary>The clock of everything that waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long open streams may go on after a stop was asked for.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is less than this is not logged.</summary>
    public LogLevel LowestLog { get; init; } = LogLevel.Information;

    /// <summary>Chance of everything that waits a random time; must be thread-safe. Null seeds one from the system.</summary>
    public Random? Random { get; init; }
}
