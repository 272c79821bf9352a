using Sluice.Core.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Configuration;

public sealed class CloudProvidersTests
{
    private const string ServiceAccount = """{"type":"service_account","project_id":"p","private_key":"hunter2-hunter2"}""";

    private static ConfigSources WithFile(string yaml, string path, string content, params (string Name, string Value)[] environment) =>
        Configs.Sources(yaml, environment) with { ReadFile = asked => asked == path ? content : null };

    [Fact]
    public void Azure_Everything_IsRead()
    {
        var provider = Assert.Single(Configs.Good("""
            providers:
              - name: az
                kind: azure
                base_url: https://r.openai.azure.com/
                api_keys: [k]
                api_version: 2024-10-21
                deployments: { gpt-5: my-gpt5, openai/gpt-4.1-mini: mini }
            """).Providers);

        Assert.Equal(new AzureSettings { ApiVersion = "2024-10-21" }, provider.Cloud);
        Assert.Equal("https://r.openai.azure.com/", provider.BaseUrl.ToString());
        Assert.Equal("my-gpt5", provider.Deployments["gpt-5"]);
    }

    [Fact]
    public void Azure_Deployments_ServeTheCataloguesModelsAtListPrice()
    {
        var snapshot = Configs.Good("""
            providers:
              - { name: az, kind: azure, base_url: "https://r.openai.azure.com", api_keys: [k], deployments: { gpt-5: my-gpt5, openai/gpt-4.1-mini: mini, claude-sonnet-4-6: sonnet, gpt-99: x } }
            """);

        Assert.Equal(
            ["anthropic/claude-sonnet-4.6 az/sonnet 3", "openai/gpt-4.1-mini az/mini 0.4", "openai/gpt-5 az/my-gpt5 1.25"],
            snapshot.Catalogue.Servable.Select(model => $"{model.Model.Id} {Assert.Single(model.Endpoints).Id} {model.Endpoints[0].Price!.Input:0.##}").Order(StringComparer.Ordinal));
        Assert.Equal(
            ["Provider az: deployments[\"gpt-99\"] is no model of the catalogue and serves nothing; list the model under models, with the deployment as its endpoint's model."],
            snapshot.Warnings);
    }

    [Fact]
    public void Azure_DeploymentOfAModelThatModelsLists_IsARemark()
    {
        var snapshot = Configs.Good("""
            providers:
              - { name: az, kind: azure, base_url: "https://r.openai.azure.com", api_keys: [k], deployments: { openai/gpt-5: my-gpt5 } }
              - { name: o, kind: openai, api_keys: [k] }
            models: [{ id: openai/gpt-5, endpoints: [{ provider: o, model: gpt-5 }] }]
            """);

        Assert.Equal(["Provider az: deployments[\"openai/gpt-5\"] serves nothing, since models lists all endpoints of that model; add this one there."], snapshot.Warnings);
        Assert.Equal("o/gpt-5", Assert.Single(snapshot.Catalogue.Resolve("openai/gpt-5")!.Endpoints).Id);
    }

    [Fact]
    public void Azure_Entra_TakesFromTheEnvironmentWhatTheFileLeavesOut()
    {
        var snapshot = Configs.Good(
            "providers: [{ name: az, kind: azure, base_url: 'https://r.openai.azure.com', auth: entra, tenant_id: t }]",
            ("AZURE_TENANT_ID", "other"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "hunter2"));

        Assert.Equal(new AzureSettings { Auth = CloudAuth.Entra, TenantId = "t", ClientId = "c", ClientSecret = "hunter2" }, snapshot.Providers[0].Cloud);
        Assert.DoesNotContain("hunter2", snapshot.Providers[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Bedrock_KeysOfTheFile_ComeBeforeTheEnvironment()
    {
        const string Yaml = "providers: [{ name: b, kind: bedrock, region: eu-west-1, access_key_id: AKIDFILE, secret_access_key: s, session_token: t }]";
        var provider = Assert.Single(Configs.Good(Yaml, ("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "e"), ("AWS_REGION", "us-west-2")).Providers);

        Assert.Equal(new BedrockSettings { Region = "eu-west-1", AccessKeyId = "AKIDFILE", SecretAccessKey = "s", SessionToken = "t" }, provider.Cloud);
        Assert.Equal("https://bedrock-runtime.eu-west-1.amazonaws.com/", provider.BaseUrl.ToString());
    }

    [Fact]
    public void Bedrock_FileNamesNoWay_TheEnvironmentsDoes()
    {
        BedrockSettings Read(string more, params (string, string)[] environment) =>
            (BedrockSettings)Configs.Good($"providers: [{{ name: b, kind: bedrock{more} }}]", [("AWS_REGION", "us-west-2"), .. environment]).Providers[0].Cloud!;

        (string, string)[] keys = [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "e"), ("AWS_SESSION_TOKEN", "t"), ("AWS_PROFILE", "work")];
        Assert.Equal(new BedrockSettings { Region = "us-west-2", AccessKeyId = "AKIDENV", SecretAccessKey = "e", SessionToken = "t" }, Read("", keys));
        Assert.Equal(new BedrockSettings { Region = "us-west-2", Profile = "mine" }, Read(", profile: mine", keys));
        Assert.Equal(new BedrockSettings { Region = "us-west-2" }, Read(", api_keys: [bearer]", keys));
        Assert.Equal(new BedrockSettings { Region = "us-west-2", Auth = CloudAuth.Machine }, Read(", auth: machine", keys));
        Assert.Equal(new BedrockSettings { Region = "us-west-2", Profile = "work" }, Read("", keys[3]));
        Assert.Equal(new BedrockSettings { Region = "us-west-2" }, Read(""));
    }

    [Theory]
    [InlineData("us-east5", "https://us-east5-aiplatform.googleapis.com/")]
    [InlineData("global", "https://aiplatform.googleapis.com/")]
    [InlineData("eu", "https://aiplatform.eu.rep.googleapis.com/")]
    public void Vertex_Location_IsInTheHost(string location, string expected)
    {
        var result = ConfigLoader.Load(WithFile(
            $"providers: [{{ name: v, kind: vertex, project: p-1, location: {location}, credentials_file: keys/google.json }}]", "/etc/sluice/keys/google.json", ServiceAccount));

        Assert.Empty(result.Errors);
        var provider = result.Snapshot!.Providers[0];
        Assert.Equal(new VertexSettings { Project = "p-1", Location = location, Credentials = ServiceAccount }, provider.Cloud);
        Assert.Equal(expected, provider.BaseUrl.ToString());
        Assert.Equal(["/etc/sluice/keys/google.json"], result.ReadFiles);
        Assert.Equal("v/gemini-2.5-pro", Assert.Single(result.Snapshot.Catalogue.Resolve("google/gemini-2.5-pro")!.Endpoints).Id);
    }

    [Fact]
    public void Vertex_CredentialFileChanged_IsAnotherConfiguration()
    {
        string Hash(string content) => ConfigLoader.Load(WithFile(
            "providers: [{ name: v, kind: vertex, project: p-1, credentials_file: /g.json }]", "/g.json", content)).Snapshot!.ContentHash;

        Assert.NotEqual(Hash(ServiceAccount), Hash(ServiceAccount.Replace("hunter2", "other", StringComparison.Ordinal)));
    }

    [Fact]
    public void Vertex_WithAKey_NeedsNeitherProjectNorFile() =>
        Assert.Equal(new VertexSettings { Location = "global" }, Configs.Good("providers: [{ name: v, kind: vertex, api_keys: [k] }]", ("GOOGLE_CLOUD_PROJECT", "p")).Providers[0].Cloud);

    [Fact]
    public void ExampleOfTheHowTo_Loads()
    {
        var page = File.ReadAllText(Path.Combine(Testing.RepositoryRoot.Path, "docs", "how-to-add", "provider.md"));
        var example = page.Split("```yaml\n").Skip(1).Select(rest => rest.Split("```")[0]).Single(block => block.Contains("kind: vertex", StringComparison.Ordinal));

        var result = ConfigLoader.Load(WithFile(example, "/etc/sluice/google.json", ServiceAccount, ("AZURE_OPENAI_API_KEY", "k"), ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")));

        Assert.Empty(result.Errors);
        Assert.Empty(result.Snapshot!.Warnings);
        Assert.Equal("azure/my-gpt5", Assert.Single(result.Snapshot.Catalogue.Resolve("gpt-5")!.Endpoints).Id);
        Assert.Equal(["bedrock/us.anthropic.claude-sonnet-4-6", "vertex/claude-sonnet-4-6"], result.Snapshot.Catalogue.Resolve("claude-sonnet-4-6")!.Endpoints.Select(endpoint => endpoint.Id));
    }

    [Fact]
    public void Mistakes_AreAllToldAtOnceWithTheirPlace()
    {
        Assert.Equal(
        [
            "sluice.yaml:2:22: providers[0].kind: found \"azure\"; kind azure needs base_url: the endpoint of your resource, such as https://NAME.openai.azure.com",
            "sluice.yaml:2:35: providers[0].auth: found \"entra\"; entra needs tenant_id or AZURE_TENANT_ID, client_secret or AZURE_CLIENT_SECRET (or a workload's AZURE_FEDERATED_TOKEN_FILE)",
            "sluice.yaml:3:22: providers[1].kind: found \"bedrock\"; kind bedrock needs region (or AWS_REGION): an AWS region such as us-east-1",
            "sluice.yaml:4:39: providers[2].region: found \"us.evil.example/\"; kind bedrock needs region (or AWS_REGION): an AWS region such as us-east-1",
            "sluice.yaml:5:65: providers[3].access_key_id: found \"A\"; access_key_id and secret_access_key go together; one of them is missing",
            "sluice.yaml:6:22: providers[4].kind: found \"vertex\"; kind vertex needs project (or GOOGLE_CLOUD_PROJECT); only with api_keys (express mode) it may be left out",
            "sluice.yaml:6:43: providers[4].credentials: found (secret); allowed: a Google credential file: JSON with a type of service_account, authorized_user, external_account, external_account_authorized_user or impersonated_service_account",
            "sluice.yaml:7:54: providers[5].project: found \"p\"; only kind vertex has this; remove it",
            "sluice.yaml:7:63: providers[5].auth: found \"machine\"; only kinds azure, bedrock and vertex have other ways; allowed: key",
            "sluice.yaml:8:40: providers[6].location: found \"eu/../x\"; allowed: a location such as us-east5, europe-west1 or global",
            "sluice.yaml:9:60: providers[7].credentials_file: found \"/not/there\"; the Google credential file /not/there cannot be read; create it or make it readable",
            "sluice.yaml:10:63: providers[8].auth: found \"machine\"; api_keys would not be used; remove them, or write auth: key",
        ], Configs.Errors("""
            providers:
              - { name: a, kind: azure, auth: entra, client_id: c }
              - { name: b, kind: bedrock }
              - { name: c, kind: bedrock, region: us.evil.example/ }
              - { name: d, kind: bedrock, region: us-east-1, access_key_id: A }
              - { name: e, kind: vertex, credentials: hunter2 }
              - { name: f, kind: openai, api_keys: [k], project: p, auth: machine }
              - { name: g, kind: vertex, location: eu/../x }
              - { name: h, kind: vertex, project: p, credentials_file: /not/there }
              - { name: i, kind: vertex, project: p, api_keys: [k], auth: machine }
            """));
    }

    [Theory]
    [InlineData("aws_region_name", "region")]
    [InlineData("vertex_project", "project")]
    [InlineData("api_base", "base_url")]
    [InlineData("vertex_credentials", "credentials_file")]
    public void NamesOfLiteLlm_AreAnsweredWithOurs(string theirs, string ours) =>
        Assert.Contains($"found an unknown key; did you mean {ours}?", Assert.Single(Configs.Errors($"providers: [{{ name: b, kind: openai, api_keys: [k], {theirs}: x }}]")), StringComparison.Ordinal);

    [Fact]
    public void Environment_EachCloudsPair_MakesAProvider()
    {
        var result = ConfigLoader.Load(Configs.Sources(null,
            ("GOOGLE_APPLICATION_CREDENTIALS", "/g.json"), ("GOOGLE_CLOUD_PROJECT", "p-1"), ("GOOGLE_CLOUD_LOCATION", "europe-west1"),
            ("AZURE_OPENAI_API_KEY", "k"), ("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/"), ("OPENAI_API_VERSION", "2024-10-21"),
            ("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_DEFAULT_REGION", "eu-west-1")) with { ReadFile = path => path == "/g.json" ? ServiceAccount : null });

        Assert.Empty(result.Snapshot!.Warnings);
        Assert.Equal(
        [
            ("vertex", "https://europe-west1-aiplatform.googleapis.com/", (CloudSettings)new VertexSettings { Project = "p-1", Location = "europe-west1", Credentials = ServiceAccount }, 0),
            ("azure", "https://r.openai.azure.com/", new AzureSettings { ApiVersion = "2024-10-21" }, 1),
            ("bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com/", new BedrockSettings { Region = "eu-west-1", AccessKeyId = "AKID", SecretAccessKey = "s" }, 0),
        ], result.Snapshot.Providers.Select(provider => (provider.Name, provider.BaseUrl.ToString(), provider.Cloud!, provider.Credentials.Count)));
    }

    [Fact]
    public void Environment_HalfOfAPair_IsARemarkOrNothing()
    {
        var snapshot = Configs.Good(null,
            ("ANTHROPIC_API_KEY", "a"), ("AZURE_API_KEY", "k"), ("AWS_ACCESS_KEY_ID", "AKID"), ("GOOGLE_CLOUD_PROJECT", "p"), ("AWS_REGION", "us-east-1"));

        Assert.Equal(["anthropic"], snapshot.Providers.Select(provider => provider.Name));
        Assert.Equal(["An Azure key is set, but AZURE_OPENAI_ENDPOINT (or AZURE_API_BASE) is not an absolute http:// or https:// address: Azure is not used."], snapshot.Warnings);
    }

    [Fact]
    public void Environment_EntraAndBearer_NeedNoOtherKey()
    {
        var snapshot = Configs.Good(null,
            ("AZURE_API_BASE", "https://r.openai.azure.com"), ("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s"), ("AWS_BEARER_TOKEN_BEDROCK", "b"));

        Assert.Equal(new AzureSettings { Auth = CloudAuth.Entra, TenantId = "t", ClientId = "c", ClientSecret = "s" }, snapshot.Provider("azure")!.Cloud);
        Assert.Equal(("b", new BedrockSettings { Region = "us-east-1" }), (snapshot.Provider("bedrock")!.Credentials[0].Secret, snapshot.Provider("bedrock")!.Cloud));
    }

    [Fact]
    public void OtherKinds_ServeTheirVendorsModels()
    {
        var snapshot = Configs.Good("""
            providers:
              - { name: g, kind: gemini, api_keys: [k] }
              - { name: r, kind: openai-responses, api_keys: [k] }
              - { name: b, kind: bedrock, region: us-east-1, api_keys: [k] }
            """);

        Assert.Empty(snapshot.Warnings);
        Assert.Equal("g/gemini-2.5-pro", Assert.Single(snapshot.Catalogue.Resolve("google/gemini-2.5-pro")!.Endpoints).Id);
        Assert.Equal("r/gpt-5.4", Assert.Single(snapshot.Catalogue.Resolve("openai/gpt-5.4")!.Endpoints).Id);
        Assert.Empty(snapshot.Catalogue.Resolve("anthropic/claude-sonnet-4.6")!.Endpoints);
        Assert.Equal("b/anthropic.claude-sonnet-4-5-20250929-v1:0", Assert.Single(snapshot.Catalogue.Resolve("b/anthropic.claude-sonnet-4-5-20250929-v1:0")!.Endpoints).Id);
    }
}
