using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>Real clients are downloaded once by <c>./test</c>. Without them a test fails, unless the operator said that there is no way to get them.</summary>
internal static class Installed
{
    /// <summary>The trait that keeps these tests out of <c>./test quick</c>.</summary>
    public const string Category = "RealClient";

    public static void OrSkip()
    {
        if (ClientsCache.WhyMissing is not { } why)
        {
            return;
        }

        if (ClientsCache.Offline)
        {
            Assert.Skip(why);
        }

        Assert.Fail(why);
    }
}
