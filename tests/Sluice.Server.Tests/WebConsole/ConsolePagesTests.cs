using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Sluice.Server.Tests.Kit;
using Sluice.Server.WebConsole;
using Sluice.Testing;

namespace Sluice.Server.Tests.WebConsole;

/// <summary>The console without a browser: what is served to whom, and what the files may not hold.</summary>
public sealed partial class ConsolePagesTests
{
    private const string Yaml = "providers: [{ name: a, kind: anthropic, base_url: \"{A}\", api_keys: [key-of-a-0123456789] }]";

    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "src", "console");

    [Fact]
    public async Task A22_EveryFile_IsServedUnderAStrictPolicyAndHoldsNoSecret()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Yaml);
        var paths = ConsoleFiles.Paths.ToList();
        Assert.True(paths.Count >= 20, "The files were not built in.");

        foreach (var path in paths.Append(""))
        {
            var answer = await GetAsync(gateway, "/console/" + path);

            Assert.True(answer.Status == 200, $"{path}: {answer.Status}");
            Assert.Equal(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
                answer.Header("content-security-policy"));
            Assert.Equal(("nosniff", "DENY", "no-referrer"), (answer.Header("x-content-type-options"), answer.Header("x-frame-options"), answer.Header("referrer-policy")));
            Assert.Null(answer.Header("set-cookie"));
            foreach (var secret in new[] { GatewayUnderTest.AdminKey, gateway.Key, "key-of-a-0123456789" })
            {
                Assert.DoesNotContain(secret, answer.Text, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("GET", "/console", 308)]
    [InlineData("HEAD", "/console/", 200)]
    [InlineData("GET", "/console/nothing", 404)]
    [InlineData("GET", "/console/../sluice.yaml", 404)]
    [InlineData("GET", "/console/%2e%2e/%2e%2e/appsettings.json", 404)]
    [InlineData("GET", "/console/index.html/", 404)]
    [InlineData("POST", "/console/", 405)]
    [InlineData("GET", "/consoles", 404)]
    [InlineData("GET", "/admin/api/keys", 401)]
    [InlineData("GET", "/admin/api/requests", 401)]
    [InlineData("POST", "/admin/api/keys", 401)]
    public async Task A22_PathWithoutAKey_IsAPageOrNothing(string method, string path, int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Yaml);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var answer = await gateway.SendAsync(request);

        Assert.Equal(status, answer.Status);
        Assert.DoesNotContain("sk-", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A22_File_ThatTheBrowserHas_IsNotSentAgain()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Yaml);
        var first = await GetAsync(gateway, "/console/app.js");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/console/app.js");
        again.Headers.TryAddWithoutValidation("if-none-match", first.Header("etag"));

        var second = await gateway.SendAsync(again);

        Assert.Equal("no-cache", first.Header("cache-control"));
        Assert.Equal((304, ""), (second.Status, second.Text));
    }

    // The policy would refuse them in the browser; here it is seen where they stand.
    [Fact]
    public void A22_Pages_HaveNoInlineCodeAndNoAddressElsewhere()
    {
        var wrong = new List<string>();
        foreach (var path in Sources())
        {
            var text = File.ReadAllText(path);
            wrong.AddRange(Forbidden().Matches(text).Select(match => $"{Path.GetFileName(path)}: {match.Value}"));
        }

        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("<p style=\"color: red\">", true)]
    [InlineData("<button onclick=\"go()\">", true)]
    [InlineData("<script>go()</script>", true)]
    [InlineData("element.innerHTML = text", true)]
    [InlineData("fetch('https://example.com/x')", true)]
    [InlineData("<script type=\"module\" src=\"app.js\"></script>", false)]
    [InlineData("<button @click=${() => go()}>", false)]
    public void Forbidden_Line_IsFound(string line, bool found) => Assert.Equal(found, Forbidden().IsMatch(line));

    // Each line of CONTENTS is "hash  path  package@version".
    [Fact]
    public void A22_Libraries_AreThePublishedOnes()
    {
        var vendor = Path.Combine(Folder, "vendor");
        var listed = File.ReadAllLines(Path.Combine(vendor, "CONTENTS")).Select(line => line.Split("  ")).ToDictionary(parts => parts[1], parts => parts, StringComparer.Ordinal);
        var there = Directory.EnumerateFiles(vendor, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(vendor, path)).Where(path => path != "CONTENTS").ToList();

        Assert.Equal(listed.Keys.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
        Assert.All(there, path => Assert.Equal(listed[path][0], Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(vendor, path))))));
        var wanted = File.ReadAllText(Path.Combine(Folder, "package.json"));
        Assert.All(listed.Values.Select(parts => parts[2].Split('@')), package => Assert.Contains($"\"{package[0]}\": \"{package[1]}\"", wanted, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
        .Where(path => Path.GetExtension(path) is ".js" or ".html" or ".css" && !path.Contains("vendor", StringComparison.Ordinal) && !path.Contains("node_modules", StringComparison.Ordinal));

    private static async Task<ClientAnswer> GetAsync(GatewayUnderTest gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await gateway.SendAsync(request);
    }

    [GeneratedRegex("""\sstyle=|\son[a-z]+=["']|<script(?![^>]*\ssrc=)|innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://|url\(""", RegexOptions.None, 5000)]
    private static partial Regex Forbidden();
}
