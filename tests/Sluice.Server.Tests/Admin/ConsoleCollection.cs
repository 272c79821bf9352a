using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>Tests that capture the console run alone: what servers of other tests log at the same time would be captured with it.</summary>
[CollectionDefinition(nameof(CommandTests), DisableParallelization = true)]
public sealed class ConsoleCollection;
