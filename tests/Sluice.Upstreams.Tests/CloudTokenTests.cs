using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Testing;

namespace Sluice.Upstreams.Tests;

/// <summary>Tokens of Google and Entra, asked of an endpoint on loopback and used on a call.</summary>
public sealed class CloudTokenTests
{
    private const string Secret = "hunter2-hunter2-hunter2";

    [Fact]
    public async Task Vertex_ServiceAccount_ProvesItselfAndUsesTheToken()
    {
        using var key = RSA.Create(2048);
        await using var google = RawServer.Answering(RawServer.Ok("""{"access_token":"ya29.one","expires_in":3600,"token_type":"Bearer"}"""));
        await using var vertex = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Calls.Client();
        var call = Call(vertex.Url, ServiceAccount(key, google.Url));

        for (var i = 0; i < 2; i++)
        {
            var reply = await client.SendAsync(call, Token);
            Assert.Null(reply.Fault?.Error.Message);
            await reply.Answer!.DisposeAsync();
        }

        Assert.All(vertex.Seen, seen => Assert.Equal(["Bearer ya29.one"], seen.Header("authorization")));
        Assert.Equal(["POST /v1/projects/p-1/locations/global/publishers/google/models/gemini-2.5-pro:generateContent HTTP/1.1"], vertex.Seen.Select(seen => seen.RequestLine).Distinct());

        // One exchange for both calls; its assertion is signed by the account's own key.
        var form = Form(Assert.Single(google.Seen).Text);
        Assert.Equal("urn:ietf:params:oauth:grant-type:jwt-bearer", form["grant_type"]);
        var parts = form["assertion"].Split('.');
        using var claims = JsonDocument.Parse(Bytes(parts[1]));
        Assert.Equal("robot@p-1.iam.gserviceaccount.com", claims.RootElement.GetProperty("iss").GetString());
        Assert.Equal("https://www.googleapis.com/auth/cloud-platform", claims.RootElement.GetProperty("scope").GetString());
        Assert.True(key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Bytes(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    [Fact]
    public async Task Vertex_UserOfGcloud_RefreshesItsToken()
    {
        await using var google = RawServer.Answering(RawServer.Ok("""{"access_token":"ya29.user","expires_in":3599,"token_type":"Bearer"}"""));
        await using var vertex = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = new UpstreamClient(new UpstreamClientOptions { Proxy = new EnvironmentProxy(_ => null), CreateTokenHandler = () => new ToLoopback(google.Url, "oauth2.googleapis.com") });

        var reply = await client.SendAsync(Call(vertex.Url, $$"""{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"{{Secret}}"}"""), Token);
        Assert.Null(reply.Fault?.Error.Message);
        await reply.Answer!.DisposeAsync();

        Assert.Equal(["Bearer ya29.user"], Assert.Single(vertex.Seen).Header("authorization"));
        Assert.Equal(("refresh_token", Secret), (Form(google.Seen[0].Text)["grant_type"], Form(google.Seen[0].Text)["refresh_token"]));
    }

    [Fact]
    public async Task Vertex_TokenNearItsEnd_IsRenewed()
    {
        using var key = RSA.Create(2048);
        var time = new ManualTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var issued = 0;
        await using var google = RawServer.Answering(async (_, socket) =>
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(RawServer.Ok($$"""{"access_token":"ya29.{{Interlocked.Increment(ref issued)}}","expires_in":3600,"token_type":"Bearer"}""")));
            return true;
        });
        await using var vertex = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = new UpstreamClient(new UpstreamClientOptions { Proxy = new EnvironmentProxy(_ => null), Time = time });
        var call = Call(vertex.Url, ServiceAccount(key, google.Url));

        await (await client.SendAsync(call, Token)).Answer!.DisposeAsync();
        time.Advance(TimeSpan.FromMinutes(61));
        await (await client.SendAsync(call, Token)).Answer!.DisposeAsync();

        Assert.Equal(["Bearer ya29.1", "Bearer ya29.2"], vertex.Seen.Select(seen => seen.Header("authorization")[0]));
    }

    [Fact]
    public async Task Vertex_RefusedAccount_IsAFaultOfTheProviderThatNamesTheSetting()
    {
        using var key = RSA.Create(2048);
        const string Body = """{"error":"invalid_grant","error_description":"account not found"}""";
        await using var google = RawServer.Answering($"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {Body.Length}\r\n\r\n{Body}");
        await using var client = Calls.Client();

        var fault = (await client.SendAsync(Call(new Uri("http://127.0.0.1:9"), ServiceAccount(key, google.Url)), Token)).Fault!;

        Assert.Equal((ErrorKind.Authentication, ErrorSource.Provider, true, false), (fault.Kind, fault.Source, fault.CanFailOver, fault.CredentialIsDead));
        Assert.Equal(
            "Provider p: the Google credential was refused by Google (invalid_grant: account not found). "
            + "Check credentials_file (or credentials): the account must exist, its key must be valid, and it needs the role Vertex AI User.",
            fault.Error.Message);
    }

    [Fact]
    public async Task Vertex_KeyThatIsNone_IsSaidWithoutShowingIt()
    {
        await using var client = Calls.Client();
        var file = $$"""{"type":"service_account","project_id":"p-1","private_key_id":"1","private_key":"{{Secret}}","client_email":"r@p","client_id":"1","token_uri":"http://127.0.0.1:9/token"}""";

        var fault = (await client.SendAsync(Call(new Uri("http://127.0.0.1:9"), file), Token)).Fault!;

        Assert.Equal(ErrorKind.Authentication, fault.Kind);
        Assert.StartsWith("Provider p: the Google credential cannot be read. Check credentials_file", fault.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Azure_EntraSecret_BecomesABearer()
    {
        await using var entra = RawServer.Answering(RawServer.Ok("""{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ.one"}"""));
        await using var azure = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Azure(entra.Url);

        for (var i = 0; i < 2; i++)
        {
            var reply = await client.SendAsync(AzureCall(azure.Url), Token);
            Assert.Null(reply.Fault?.Error.Message);
            await reply.Answer!.DisposeAsync();
        }

        Assert.All(azure.Seen, seen => Assert.Equal(["Bearer eyJ.one"], seen.Header("authorization")));
        Assert.All(azure.Seen, seen => Assert.Empty(seen.Header("api-key")));
        var asked = Assert.Single(entra.Seen);
        Assert.Equal("POST /00000000-0000-0000-0000-000000000001/oauth2/v2.0/token HTTP/1.1", asked.RequestLine);
        var form = Form(asked.Text);
        Assert.Equal(("client_credentials", "app-1", Secret), (form["grant_type"], form["client_id"], form["client_secret"]));
        Assert.Contains("https://cognitiveservices.azure.com/.default", form["scope"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Azure_RefusedSecret_IsAFaultThatNamesTheSetting()
    {
        const string Body = """{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}""";
        await using var entra = RawServer.Answering($"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {Body.Length}\r\n\r\n{Body}");
        await using var client = Azure(entra.Url);

        var fault = (await client.SendAsync(AzureCall(new Uri("http://127.0.0.1:9")), Token)).Fault!;

        Assert.Equal((ErrorKind.Authentication, ErrorSource.Provider), (fault.Kind, fault.Source));
        Assert.StartsWith("Provider p: Entra gave no token (AADSTS7000215: Invalid client secret provided). ", fault.Error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Check tenant_id, client_id and client_secret (or AZURE_FEDERATED_TOKEN_FILE), and that the application has the role Cognitive Services User.", fault.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, fault.Error.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static UpstreamCall Call(Uri vertex, string credentials) => Calls.Of(
        Calls.Provider(ProviderKind.Vertex, vertex) with { Credentials = [], Cloud = new VertexSettings { Project = "p-1", Location = "global", Credentials = credentials } },
        "gemini-2.5-pro", WireProtocol.Gemini);

    private static UpstreamCall AzureCall(Uri azure) => Calls.Of(
        Calls.Provider(ProviderKind.Azure, azure) with
        {
            Credentials = [],
            Cloud = new AzureSettings { Auth = CloudAuth.Entra, TenantId = "00000000-0000-0000-0000-000000000001", ClientId = "app-1", ClientSecret = Secret },
        },
        "d", WireProtocol.OpenAIChat);

    private static UpstreamClient Azure(Uri entra) => new(new UpstreamClientOptions
    {
        Proxy = new EnvironmentProxy(_ => null),
        CreateTokenHandler = () => new ToLoopback(entra, "login.microsoftonline.com"),
    });

    private static string ServiceAccount(RSA key, Uri tokenServer) => JsonSerializer.Serialize(new Dictionary<string, string>
    {
        ["type"] = "service_account",
        ["project_id"] = "p-1",
        ["private_key_id"] = "k1",
        ["private_key"] = key.ExportPkcs8PrivateKeyPem(),
        ["client_email"] = "robot@p-1.iam.gserviceaccount.com",
        ["client_id"] = "1",
        ["token_uri"] = new Uri(tokenServer, "/token").AbsoluteUri,
    });

    private static Dictionary<string, string> Form(string text) =>
        text.Split('&').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1].Replace('+', ' ')), StringComparer.Ordinal);

    private static byte[] Bytes(string base64Url)
    {
        var text = base64Url.Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
    }

    /// <summary>Leads the one expected host to loopback; any other is a call that must not be made.</summary>
    private sealed class ToLoopback(Uri server, string expected) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal(expected, request.RequestUri!.Host);
            request.RequestUri = new Uri(server, request.RequestUri.PathAndQuery);
            request.Version = HttpVersion.Version11;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
