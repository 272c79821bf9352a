using System.Text.Json.Nodes;

namespace Sluice.Server.Tests.Kit.Clients;

/// <summary>The one tool of the tests.</summary>
internal static class WeatherTool
{
    public const string Name = "weather";

    public const string Description = "Tells the weather.";

    public static JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["place"] = new JsonObject { ["type"] = "string" } },
        ["required"] = new JsonArray("place"),
    };
}
