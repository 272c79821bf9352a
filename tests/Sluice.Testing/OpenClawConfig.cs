using System.Text.Json.Nodes;

namespace Sluice.Testing;

/// <summary>How OpenClaw is told of Sluice.</summary>
internal static class OpenClawConfig
{
    /// <summary>The member <c>models</c>. Without the last line it would ask its makers for their newest list of models.</summary>
    public static JsonObject Models(IEnumerable<KeyValuePair<string, JsonNode?>> providers) => new()
    {
        ["mode"] = "merge",
        ["providers"] = new JsonObject(providers),
        ["catalogRefresh"] = new JsonObject { ["enabled"] = false },
    };

    /// <summary>An entry of <c>models.providers</c>: Sluice in one of OpenClaw's modes. The key stands in <c>GW_API_KEY</c>.</summary>
    /// <param name="baseUrl">Without <c>/v1</c>; what the mode wants is added.</param>
    /// <param name="api">See <see cref="OpenClawRun"/>.</param>
    /// <param name="models">Sent as they are.</param>
    /// <param name="reasoning">The models think.</param>
    public static JsonObject Provider(Uri baseUrl, string api, IEnumerable<string> models, bool reasoning = false) => new()
    {
        ["baseUrl"] = baseUrl.ToString().TrimEnd('/') + api switch
        {
            "anthropic-messages" => "",
            "google-generative-ai" => "/v1beta",
            _ => "/v1",
        },
        ["apiKey"] = "${GW_API_KEY}",
        ["api"] = api,
        ["models"] = new JsonArray([.. models.Select(model => new JsonObject
        {
            ["id"] = model,
            ["name"] = model,
            ["reasoning"] = reasoning,
            ["input"] = new JsonArray("text"),
            ["cost"] = new JsonObject { ["input"] = 0, ["output"] = 0, ["cacheRead"] = 0, ["cacheWrite"] = 0 },
            ["contextWindow"] = 200_000,
            ["maxTokens"] = 32_000,
        })]),
    };
}
