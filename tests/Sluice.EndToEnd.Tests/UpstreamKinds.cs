using System.Globalization;
using Sluice.EndToEnd.Tests.Recordings;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>A kind of provider and, at clouds that host several vendors, one of its families of models.</summary>
/// <param name="Name">Names its provider and its models in a configuration, and its rows in tests.</param>
/// <param name="Block">Members of its block in a configuration; <c>{0}</c> is the simulator's address.</param>
/// <param name="Model">A model as this provider calls it: some kinds tell by the name in which wire they are asked.</param>
/// <param name="Path">Where a streamed call arrives; <c>{0}</c> is the model.</param>
internal sealed record UpstreamKind(string Name, string Block, string Model, string Path)
{
    /// <summary>As <see cref="Path"/>, for clients whose own wire it speaks at another address than the one for all others.</summary>
    public (Wire Client, string Path)? Natively { get; init; }

    /// <summary>It is asked in one wire whatever its models are called, so the simulator's own (<c>sim/echo</c>) can stand here too.</summary>
    public bool TakesAnyModel { get; init; } = true;

    /// <summary>A line of <c>providers:</c>.</summary>
    /// <param name="name">The provider's.</param>
    /// <param name="address">The simulator's.</param>
    /// <param name="key">The provider key.</param>
    /// <param name="settings">Further members, with their comma before them.</param>
    public string Provider(string name, Uri address, string key, string settings = "") =>
        $"  - {{ name: {name}, {string.Format(CultureInfo.InvariantCulture, Block, address.ToString().TrimEnd('/'))}, api_keys: [{key}]{settings} }}";

    /// <summary>Where a streamed call for a model arrives that a client of this wire asked for.</summary>
    public string PathFor(Wire client, string model) =>
        string.Format(CultureInfo.InvariantCulture, Natively is { } natively && natively.Client == client ? natively.Path : Path, model);
}

/// <summary>Every kind of provider that Sluice calls. A new kind joins all tests that go over kinds by a row here.</summary>
internal static class UpstreamKinds
{
    private const string Google = "/v1/projects/p-1/locations/global/publishers";
    private const string Vertex = "kind: vertex, base_url: \"{0}\", project: p-1, location: global";
    private const string Azure = "kind: azure, base_url: \"{0}\"";
    private const string Bedrock = "kind: bedrock, base_url: \"{0}\", region: us-east-1";

    public static readonly IReadOnlyList<UpstreamKind> All =
    [
        new("anthropic", "kind: anthropic, base_url: \"{0}\"", "claude-sonnet-4-6", "/v1/messages"),
        new("openai", "kind: openai, base_url: \"{0}/v1\"", "deepseek-chat", "/v1/chat/completions"),
        new("openai-responses", "kind: openai-responses, base_url: \"{0}/v1\"", "gpt-5.2", "/v1/responses"),
        new("openrouter", "kind: openrouter, base_url: \"{0}/api/v1\"", "moonshotai/kimi-k2", "/api/v1/chat/completions"),

        // Google's models of this family sign their calls, and the simulator wants the signatures back.
        new("gemini", "kind: gemini, base_url: \"{0}\"", "gemini-3-pro-preview", "/v1beta/models/{0}:streamGenerateContent"),
        new("vertex", Vertex, "gemini-3-pro-preview", Google + "/google/models/{0}:streamGenerateContent"),
        new("vertex-claude", Vertex, "claude-sonnet-4-6", Google + "/anthropic/models/{0}:streamRawPredict") { TakesAnyModel = false },
        new("azure", Azure, "gpt-5.2", "/openai/v1/chat/completions") { Natively = (Wire.Responses, "/openai/v1/responses") },
        new("azure-claude", Azure, "claude-sonnet-4-6", "/anthropic/v1/messages") { TakesAnyModel = false },
        new("bedrock", Bedrock, "amazon.nova-pro-v1:0", "/model/{0}/converse-stream"),
        new("bedrock-claude", Bedrock, "anthropic.claude-sonnet-4-6-v1:0", "/model/{0}/converse-stream")
        {
            Natively = (Wire.Messages, "/model/{0}/invoke-with-response-stream"),
            TakesAnyModel = false,
        },
    ];

    /// <summary>Their names, as rows of a theory.</summary>
    public static TheoryData<string> Names => [.. All.Select(kind => kind.Name)];

    /// <summary>Throws where there is none.</summary>
    public static UpstreamKind Named(string name) => All.Single(kind => kind.Name == name);
}
