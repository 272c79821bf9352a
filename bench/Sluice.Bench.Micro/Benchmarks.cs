using BenchmarkDotNet.Attributes;

namespace Sluice.Bench.Micro;

/// <summary>Runs every scenario; times are per call, so divide a stream's by its 1,000 events.</summary>
[MemoryDiagnoser]
public class Benchmarks
{
    private Action _run = () => { };

    /// <summary>Names of the scenarios.</summary>
    public static IEnumerable<string> Names => Scenario.All.Select(s => s.Name);

    /// <summary>The scenario that runs.</summary>
    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "";

    /// <summary>Finds it.</summary>
    [GlobalSetup]
    public void Setup() => _run = Scenario.Named(Name).Run;

    /// <summary>Runs it.</summary>
    [Benchmark]
    public void Run() => _run();
}
