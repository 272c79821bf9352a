namespace Sluice.Testing;

/// <summary>Runs the scripts of <c>tests/clients</c>, which call the official Node SDKs as their users do.</summary>
public static class NodeSdkClient
{
    /// <summary>Runs one call of one script. Needs <see cref="ClientsCache"/> complete.</summary>
    /// <param name="script">A file of <c>tests/clients</c>, for example <c>anthropic-sdk.mjs</c>.</param>
    /// <param name="call">The call inside it: <c>plain</c>, <c>stream</c>, <c>tools</c>, <c>models</c>, …</param>
    /// <param name="baseUrl">Without <c>/v1</c>; the scripts add what their SDK wants.</param>
    /// <param name="key">A Sluice key.</param>
    /// <param name="model">Sent as it is.</param>
    /// <param name="cancellation">Kills the script.</param>
    public static Task<NodeSdkResult> RunAsync(string script, string call, Uri baseUrl, string key, string model, CancellationToken cancellation = default) => NodeScript.RunAsync(
        script,
        call,
        new Dictionary<string, string>(StringComparer.Ordinal) { ["BASE_URL"] = baseUrl.ToString().TrimEnd('/'), ["KEY"] = key, ["MODEL"] = model },
        cancellation);
}
