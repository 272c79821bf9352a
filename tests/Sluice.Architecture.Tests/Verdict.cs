using Xunit;

namespace Sluice.Architecture.Tests;

/// <summary>Says every place that is wrong: the framework's own message cuts the list and each line.</summary>
internal static class Verdict
{
    public static void None(IEnumerable<string> wrong)
    {
        var places = wrong.ToList();
        Assert.True(places.Count == 0, string.Join('\n', places));
    }
}
