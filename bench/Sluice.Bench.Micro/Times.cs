using System.Diagnostics;
using System.Globalization;

namespace Sluice.Bench.Micro;

/// <summary>
/// How long scenarios take once their code is compiled for good: the median of many short runs, which a machine busy with other things
/// disturbs least, and the tenth and ninetieth percentile beside it. All scenarios take turns, so that what disturbs does so to each alike.
/// </summary>
internal static class Times
{
    private const int Rounds = 400;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.6);

    /// <param name="name">A part of the names of those to run.</param>
    /// <param name="output">One line each.</param>
    public static void Run(string name, TextWriter output)
    {
        var scenarios = Scenario.All.Where(scenario => scenario.Name.Contains(name, StringComparison.Ordinal)).ToList();
        foreach (var scenario in scenarios)
        {
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;)
            {
                scenario.Run();
            }
        }

        var times = scenarios.ConvertAll(_ => new double[Rounds]);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < scenarios.Count; i++)
            {
                var start = Stopwatch.GetTimestamp();
                scenarios[i].Run();
                times[i][round] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / scenarios[i].Operations;
            }
        }

        for (var i = 0; i < scenarios.Count; i++)
        {
            Array.Sort(times[i]);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scenarios[i].Name,-32} {times[i][Rounds / 2],10:F3} us/op ({times[i][Rounds / 10]:F3} to {times[i][Rounds * 9 / 10]:F3})"));
        }
    }
}
