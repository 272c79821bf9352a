using Sluice.Core.Configuration;

namespace Sluice.Server.Hosting;

/// <summary>What one serving process starts from.</summary>
public sealed record ServeOptions
{
    /// <summary>Reads file, environment and flags; called at start and at every look at the file.</summary>
    public required Func<ConfigSources> Sources { get; init; }

    /// <summary>The clock of everything that waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long open streams may go on after a stop was asked for.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Chance of everything that waits a random time; must be thread-safe. Null seeds one from the system.</summary>
    public Random? Random { get; init; }
}
