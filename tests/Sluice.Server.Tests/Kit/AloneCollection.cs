namespace Sluice.Server.Tests.Kit;

/// <summary>Tests that measure times or memory run alone: what other tests do at the same moment would be measured with them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
