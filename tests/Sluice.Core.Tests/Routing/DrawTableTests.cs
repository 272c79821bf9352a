using Sluice.Core.Routing.Ordering;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class DrawTableTests
{
    [Fact]
    public void Next_HundredThousandDraws_FollowTheWeights()
    {
        double[] weights = [8, 0, 1, 0.5, 0.5, 0, 6];
        var table = DrawTable.Of(weights)!;
        var draw = new Draw(20261121);
        var counts = new double[weights.Length];
        for (var i = 0; i < 100_000; i++)
        {
            counts[table.Next(ref draw)]++;
        }

        Assert.Equal(0, counts[1] + counts[5]);
        var chiSquare = weights.Select((weight, i) => weight == 0 ? 0 : Math.Pow(counts[i] - (100_000 * weight / 16), 2) / (100_000 * weight / 16)).Sum();

        // Four degrees of freedom: 18.47 is exceeded once in a thousand.
        Assert.True(chiSquare < 18.47, $"χ² is {chiSquare:F2} for {string.Join(", ", counts)}");
    }

    [Fact]
    public void Of_NothingToDrawOrSomethingFree_IsNoTable()
    {
        Assert.Null(DrawTable.Of([0, 0]));
        Assert.Null(DrawTable.Of([1, double.PositiveInfinity]));
        Assert.Null(DrawTable.Of([]));
    }
}
