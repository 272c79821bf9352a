using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Server.Hosting;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Hosting;

/// <summary>A data folder, a configuration that tests rewrite, one simulated provider, and as many Sluices one after another as a test starts.</summary>
internal sealed class ServingFolder : IAsyncDisposable
{
    public const string AdminKey = "admin-key-of-the-tests-0123456789";

    private readonly TemporaryFolder _folder = new();
    private volatile string _yaml = "";

    private ServingFolder(SimulatorHost provider) => Provider = provider;

    public SimulatorHost Provider { get; }

    /// <summary>The configuration file's text; <c>{provider}</c> stands for the simulator's address.</summary>
    public string Yaml
    {
        get => _yaml;
        set => _yaml = value.Replace("{provider}", Provider.Address.ToString().TrimEnd('/'), StringComparison.Ordinal);
    }

    public string DataFolder => _folder.PathOf("data");

    /// <summary>The key that the first start made.</summary>
    public string Key { get; private set; } = "";

    public static async Task<ServingFolder> CreateAsync(string yaml, TimeProvider? providerTime = null) =>
        new(await SimulatorHost.StartAsync(new SimulatorOptions { Time = providerTime ?? TimeProvider.System })) { Yaml = yaml };

    public async Task<SluiceServer> ServeAsync(TimeSpan? drain = null)
    {
        var server = await OpenAsync(drain);
        await server.StartAsync();
        Key = server.FirstKey ?? Key;
        return server;
    }

    /// <summary>Opens everything; nothing listens yet.</summary>
    public Task<SluiceServer> OpenAsync(TimeSpan? drain = null) => SluiceServer.CreateAsync(new ServeOptions
    {
        Sources = () => new ConfigSources
        {
            BaseDirectory = _folder.Path,
            FilePath = _folder.PathOf("sluice.yaml"),
            FileText = Yaml,
            DataFolder = DataFolder,
        },
        Drain = drain ?? TimeSpan.FromSeconds(30),
    });

    public static HttpClient Client(SluiceServer server) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri(server.Urls[0]),
        Timeout = TimeSpan.FromSeconds(60),
    };

    public HttpRequestMessage Post(string path, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("x-api-key", Key);
        return request;
    }

    public static async Task<JsonElement> AdminAsync(SluiceServer server, string path, string key = AdminKey)
    {
        using var client = Client(server);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api" + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.SendAsync(request);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return json.RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        await Provider.DisposeAsync();
        _folder.Dispose();
    }
}
