using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Server.Hosting;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Kit;

/// <summary>Two simulated providers and a real Sluice before them, all on loopback sockets; the tests are its clients.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    public const string AdminKey = "admin-key-of-the-tests-0123456789";

    private readonly TemporaryFolder _folder;

    private readonly ServeOptions _options;
    private readonly string _text;
    private readonly bool _ownsProviders;

    private GatewayUnderTest(TemporaryFolder folder, SimulatorHost a, SimulatorHost b, string text, ServeOptions options, SluiceServer server, string? key)
    {
        _folder = folder;
        _text = text;
        _options = options;
        _ownsProviders = key is null;
        A = a;
        B = b;
        Server = server;
        Url = new Uri(server.Urls[0]);
        Key = key ?? server.FirstKey!;
        Http = NewClient();
    }

    /// <summary>The provider that is asked first.</summary>
    public SimulatorHost A { get; }

    /// <summary>The healthy second provider.</summary>
    public SimulatorHost B { get; }

    public SluiceServer Server { get; private set; }

    public Uri Url { get; private set; }

    /// <summary>A client key.</summary>
    public string Key { get; }

    public HttpClient Http { get; private set; }

    /// <param name="yaml">The configuration behind <c>server</c> and <c>auth</c>; <c>{A}</c> and <c>{B}</c> stand for the simulators' addresses.</param>
    /// <param name="options">Of both simulators.</param>
    /// <param name="server">Members of <c>server:</c> behind the address, each with a comma before it.</param>
    /// <param name="drain">How long a stop waits for streams.</param>
    /// <param name="time">The gateway's clock.</param>
    public static async Task<GatewayUnderTest> StartAsync(string yaml, SimulatorOptions? options = null, string server = "", TimeSpan? drain = null, TimeProvider? time = null)
    {
        var folder = new TemporaryFolder();
        var a = await SimulatorHost.StartAsync(options ?? new SimulatorOptions());
        var b = await SimulatorHost.StartAsync((options ?? new SimulatorOptions()) with { Seed = 2 });
        var text = $$"""
            server: { urls: ["http://127.0.0.1:0"]{{server}} }
            auth: { admin_key: {{AdminKey}} }

            """ + yaml.Replace("{A}", a.Address.ToString().TrimEnd('/'), StringComparison.Ordinal).Replace("{B}", b.Address.ToString().TrimEnd('/'), StringComparison.Ordinal);
        var serve = Options(folder, text, drain ?? TimeSpan.FromSeconds(2), time ?? TimeProvider.System);
        var serving = await SluiceServer.CreateAsync(serve);
        await serving.StartAsync();
        return new GatewayUnderTest(folder, a, b, text, serve, serving, key: null);
    }

    /// <summary>Another Sluice of the same configuration with a data folder of its own, before the same providers, with the same key.</summary>
    public async Task<GatewayUnderTest> StartBesideAsync()
    {
        var folder = new TemporaryFolder();
        var serve = Options(folder, _text, _options.Drain, _options.Time);
        var serving = await SluiceServer.CreateAsync(serve);
        await serving.StartAsync();
        return new GatewayUnderTest(folder, A, B, _text, serve, serving, Key);
    }

    private static ServeOptions Options(TemporaryFolder folder, string text, TimeSpan drain, TimeProvider time) => new()
    {
        Sources = () => new ConfigSources { BaseDirectory = folder.Path, FileText = text, FilePath = folder.PathOf("sluice.yaml"), DataFolder = folder.PathOf("data"), ReadFile = _ => text },
        Drain = drain,
        Time = time,
    };

    /// <summary>Stops Sluice and starts it on the same data folder; the providers stay, its address does not.</summary>
    public async Task RestartAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        Server = await SluiceServer.CreateAsync(_options);
        await Server.StartAsync();
        Url = new Uri(Server.Urls[0]);
        Http = NewClient();
    }

    /// <summary>A key of another user.</summary>
    public async Task<string> KeyOfAsync(string user)
    {
        var answer = await AdminAsync(HttpMethod.Post, "/admin/api/keys", $$"""{"user":"{{user}}"}""");
        Assert.True(answer.Status is 200 or 201, answer.Text);
        return answer.Json.GetProperty("key").GetString()!;
    }

    /// <summary>Asks the admin API for anything.</summary>
    public async Task<ClientAnswer> AdminAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        return await SendAsync(request);
    }

    /// <summary>A client with connections of its own. It leaves at once when it leaves: by default the handler would first read on for a while.</summary>
    public HttpClient NewClient() => new(new SocketsHttpHandler
    {
        UseProxy = false, UseCookies = false, MaxResponseHeadersLength = 256, AllowAutoRedirect = false, MaxResponseDrainSize = 0, ResponseDrainTimeout = TimeSpan.Zero,
    })
    {
        BaseAddress = Url,
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>A request of one of the wires with the client's key, not sent yet.</summary>
    public HttpRequestMessage Request(Wire wire, string body, string? path = null) => Request(wire, Encoding.UTF8.GetBytes(body), path);

    /// <inheritdoc cref="Request(Wire, string, string?)"/>
    public HttpRequestMessage Request(Wire wire, ClientRequest ask, string? path = null) => Request(wire, ask.Body, path ?? ask.Path);

    /// <inheritdoc cref="Request(Wire, string, string?)"/>
    public HttpRequestMessage Request(Wire wire, byte[] body, string? path = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path ?? Wires.PathOf(wire)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("x-api-key", Key);
        return request;
    }

    /// <summary>Sends and reads the whole answer.</summary>
    public Task<ClientAnswer> PostAsync(Wire wire, string body, params (string Name, string Value)[] headers) =>
        PostAsync(wire, new ClientRequest(Wires.PathOf(wire), body), headers);

    /// <summary>Sends and reads the whole answer.</summary>
    public async Task<ClientAnswer> PostAsync(Wire wire, ClientRequest ask, params (string Name, string Value)[] headers)
    {
        using var request = Request(wire, ask);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await SendAsync(request);
    }

    /// <summary>Sends and reads the whole answer.</summary>
    public async Task<ClientAnswer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return await ClientAnswer.ReadAsync(response);
    }

    /// <summary>What the admin API answers.</summary>
    public async Task<JsonElement> AskAdminAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        var answer = await SendAsync(request);
        Assert.True(answer.Status == 200, $"{path}: {answer.Status} {answer.Text}");
        return answer.Json;
    }

    /// <summary>What the admin API says of one request.</summary>
    public Task<JsonElement> TrailAsync(string requestId) => AskAdminAsync("/admin/api/requests/" + requestId);

    /// <summary>The trail once it is settled: a client may read the last byte before the last row is visible.</summary>
    public async Task<JsonElement> SettledTrailAsync(string requestId)
    {
        for (var look = 0; ; look++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/requests/" + requestId);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
            var answer = await SendAsync(request);
            if (answer.Status == 200 && answer.Json.GetProperty("state").GetString() == "settled")
            {
                return answer.Json;
            }

            if (look == 200)
            {
                Assert.Fail($"{requestId} was not settled within 5 s: {answer.Status} {answer.Text}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(25)); // The admin API is asked again: over HTTP nothing tells when a row is settled.
        }
    }

    /// <summary>Looks again until it holds, for at most ten seconds.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string)"/>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var look = 0; !await condition(); look++)
        {
            Assert.True(look < 1000, "Not within 10 s: " + what);
            await Task.Delay(TimeSpan.FromMilliseconds(10)); // Any condition of a real server: most have no signal to wait for.
        }
    }

    /// <summary>Requests that a simulator got for one upstream model.</summary>
    public static int Calls(SimulatorHost simulator, string upstreamModel) => simulator.Record.Requests.Count(r => r.Model == upstreamModel);

    /// <summary>Some file of the data folder holds the text.</summary>
    public bool HasWritten(string text) => Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)).Any(path =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
    });

    /// <summary>How many request bodies Sluice holds now, in bytes.</summary>
    public long HeldBytes => Server.HeldBodyBytes;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        if (_ownsProviders)
        {
            await A.DisposeAsync();
            await B.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>Models whose endpoints are A first and B second, one for each case, since a failure stays with its endpoint for a while.</summary>
    /// <param name="name">Before the number, in the model's id and in the upstream's name for it.</param>
    /// <param name="count">How many.</param>
    /// <param name="providers">In order.</param>
    public static string Models(string name, int count, params ReadOnlySpan<string> providers)
    {
        var yaml = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"  - id: \"{name}/{i}\"\n    endpoints:\n");
            foreach (var provider in providers)
            {
                yaml.Append(CultureInfo.InvariantCulture, $"      - {{ provider: {provider}, model: {name}-{i}, price: {{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 }} }}\n");
            }
        }

        return yaml.ToString();
    }
}
