using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Admission.Leases;

/// <summary>Three nodes that share a limit: never more than the limit in any minute, and hardly less while there is demand.</summary>
public sealed class SharedLimitTests
{
    private const long Limit = 600;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly ManualTimeProvider _time = new();
    private readonly MemoryLimitLeases _leases;

    public SharedLimitTests()
    {
        _leases = new MemoryLimitLeases(_time);
    }

    [Theory]
    [InlineData(1, 720, 360, 120)]
    [InlineData(2, 720, 360, 120)]
    [InlineData(3, 440, 220, 74)]
    [InlineData(4, 400, 400, 400)]
    [InlineData(5, 1200, 6, 6)]
    [InlineData(6, 6000, 3000, 1000)]
    public async Task F31_ThreeNodes_UnderAnyLoad_AdmitTheLimit_AndNeverMore(int seed, double first, double second, double third)
    {
        var nodes = Nodes();
        await nodes.LoadAsync(new Random(seed), TimeSpan.FromMinutes(15), Step, _ => [first, second, third], Limit);
        var loaded = nodes.Since(nodes.Now - TimeSpan.FromMinutes(12));
        TestContext.Current.TestOutputHelper?.WriteLine($"{loaded / 12.0 / Limit:P2} most {nodes.Most} calls {_leases.Calls}");
        Assert.InRange(loaded, 12 * Limit * 0.98, 12 * Limit);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task F31_ThreeNodes_WhileTheLoadMovesBetweenThem_AdmitTheLimit_AndNeverMore(int seed)
    {
        var nodes = Nodes();
        double[][] shares = [[720, 360, 120], [120, 720, 360], [0, 0, 1200], [1200, 0, 0], [400, 400, 400]];
        await nodes.LoadAsync(new Random(seed), TimeSpan.FromMinutes(20), Step, now => shares[(int)(now.TotalSeconds / 77) % shares.Length], Limit);
        var loaded = nodes.Since(nodes.Now - TimeSpan.FromMinutes(17));
        TestContext.Current.TestOutputHelper?.WriteLine($"{loaded / 17.0 / Limit:P2} most {nodes.Most} calls {_leases.Calls}");
        Assert.InRange(loaded, 17 * Limit * 0.98, 17 * Limit);
    }

    [Theory]
    [InlineData(210, 210, 210)]
    [InlineData(370, 190, 70)]
    [InlineData(600, 60, 12)]
    public async Task F31_ThreeNodes_AskedEvenly_HoldHardlyLessThanTheLimitInEveryMinute(double first, double second, double third)
    {
        // Only where demand is spread evenly can every minute be full: after a burst that took all of it there is nothing for a minute.
        var nodes = Nodes();
        await nodes.LoadAsync(random: null, TimeSpan.FromMinutes(12), Step, _ => [first, second, third], Limit);
        var least = nodes.LeastSince(TimeSpan.FromMinutes(2));
        TestContext.Current.TestOutputHelper?.WriteLine($"least {least} most {nodes.Most} calls {_leases.Calls}");
        Assert.InRange(least, (long)(Limit * 0.98), Limit);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task F31_ThreeNodes_TokensAMinute(int seed)
    {
        const long Tokens = 1_000_000;
        var nodes = Nodes(new LimitSet { InputPerMinute = Tokens });
        await nodes.LoadAsync(new Random(seed), TimeSpan.FromMinutes(15), Step, _ => [300, 150, 50], Tokens, random => random.Next(500, 9_000));
        var loaded = nodes.Since(nodes.Now - TimeSpan.FromMinutes(12));
        TestContext.Current.TestOutputHelper?.WriteLine($"{loaded / 12.0 / Tokens:P2} most {nodes.Most} calls {_leases.Calls}");
        Assert.InRange(loaded, 12 * Tokens * 0.98, 12 * Tokens);
    }

    private NodesUnderTest Nodes(LimitSet? limits = null) => new(_time, _leases, limits ?? new LimitSet { RequestsPerMinute = Limit });
}
