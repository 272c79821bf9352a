using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols.Native;

namespace Sluice.Core.Tests.Routing;

/// <summary>Random configurations and preferences, over few values so that they often meet.</summary>
internal static class RandomFleet
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f"];
    private static readonly string[] Weights = ["fp8", "int4", "bf16", "unknown"];

    public static Fleet Of(Random random, bool measured) => new(Ships(random, measured));

    public static Ship[] Ships(Random random, bool measured) =>
    [
        .. Enumerable.Range(0, random.Next(1, 25)).Select(i => new Ship(Names[random.Next(Names.Length)])
        {
            Tag = $"t{i}",
            Price = random.Next(4) == 0 ? null : random.Next(0, 5),
            Policy = new DataPolicy { Trains = random.Next(2) == 0, Retains = random.Next(2) == 0, ZeroRetention = random.Next(2) == 0 },
            Quantization = random.Next(3) == 0 ? null : Weights[random.Next(3)],
            Context = random.Next(3) == 0 ? null : random.Next(1, 5) * 1000,
            MaxOutput = random.Next(3) == 0 ? null : random.Next(1, 5) * 100,
            Parameters = random.Next(3) == 0 ? null : (RequestParameters)random.Next(1 << 23),
            Speed = measured ? Fleet.Speed(random.Next(1, 100), random.Next(1, 9)) : null,
        }),
    ];

    public static ProviderPreferences Preferences(Random random) => new()
    {
        Order = List(random),
        Only = List(random),
        Ignore = List(random),
        AllowFallbacks = random.Next(3) > 0,
        RequireParameters = random.Next(3) == 0,
        DenyDataCollection = random.Next(3) == 0,
        ZeroDataRetention = random.Next(4) == 0,
        Quantizations = random.Next(3) == 0 ? [Weights[random.Next(4)], Weights[random.Next(4)]] : [],
        Sort = random.Next(2) == 0 ? null : (RouteSort)random.Next(6),
        MaxPrice = random.Next(3) == 0 ? new PriceLimit(random.Next(4), random.Next(2) == 0 ? null : random.Next(4), null, null, null) : null,
        PreferredMinThroughput = random.Next(3) == 0 ? new Percentiles(random.Next(100), null, null, null) : null,
    };

    public static RequestNeeds Needs(Random random) => new(
        random.Next(5000), random.Next(2) == 0 ? null : random.Next(500), Images: false, Documents: false, Tools: false,
        random.Next(2) == 0 ? RequestParameters.None : (RequestParameters)(1 << random.Next(23)));

    private static string[] List(Random random) => random.Next(3) > 0 ? [] : [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(8) == 0 ? "nobody" : Name(random))];

    private static string Name(Random random) => random.Next(3) == 0 ? $"{Names[random.Next(Names.Length)]}/t{random.Next(6)}" : Names[random.Next(Names.Length)];
}
