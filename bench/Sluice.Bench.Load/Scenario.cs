using System.Globalization;

namespace Sluice.Bench.Load;

/// <summary>What a bar is held against.</summary>
internal enum BarOf
{
    /// <summary>Sluice's value divided by the forwarder's.</summary>
    Ratio,

    /// <summary>Sluice's value less the forwarder's.</summary>
    Added,

    /// <summary>Sluice's value by itself.</summary>
    Value,
}

/// <summary>One line of the table.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="What">Unit and subject.</param>
/// <param name="Bar">The most that is allowed.</param>
/// <param name="Of">What <paramref name="Bar"/> is held against.</param>
/// <param name="MeasureAsync">Measures one target; told whether it is Sluice.</param>
internal sealed record Scenario(string Name, string What, double Bar, BarOf Of, Func<Target, bool, Task<double>> MeasureAsync)
{
    /// <summary>Forwarder and Sluice in turn, so that the machine's drift falls on both; medians are told.</summary>
    public int Rounds { get; init; } = 3;

    public async Task RunAsync(Target forwarder, Target sluice, TextWriter output)
    {
        var theirs = new List<double>();
        var ours = new List<double>();
        for (var i = 0; i < Rounds; i++)
        {
            theirs.Add(await MeasureAsync(forwarder, false));
            ours.Add(await MeasureAsync(sluice, true));
        }

        var (a, b) = (Median(theirs), Median(ours));
        var (held, unit) = Of switch
        {
            BarOf.Ratio => (a > 0 ? b / a : 0, " x"),
            BarOf.Added => (b - a, " added"),
            _ => (b, ""),
        };
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{Name + ": " + What,-62} {a,10:0.00} {b,10:0.00} {(a > 0 ? b / a : 0),7:0.00}   <= {Bar}{unit}{(held > Bar ? ", MISSED" : "")}"));
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
