using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary>Calls the admin API of a running Sluice.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _dataFolder;

    /// <param name="url">Ends with a slash.</param>
    /// <param name="adminKey">Null where none was found: the call then fails with a remedy.</param>
    /// <param name="dataFolder">For messages.</param>
    public AdminClient(Uri url, string? adminKey, string dataFolder)
    {
        Url = url;
        _dataFolder = dataFolder;
        AdminKey = adminKey;
        _http = NewHttp(url, TimeSpan.FromSeconds(30));
    }

    public Uri Url { get; }

    public string? AdminKey { get; }

    /// <summary>Calls <c>/admin/api</c> + <paramref name="path"/>.</summary>
    /// <exception cref="CommandFailure">Nothing answers, or the answer is an error.</exception>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, Action<Utf8JsonWriter>? body, CancellationToken cancellation)
    {
        if (AdminKey is null)
        {
            throw new CommandFailure($"No admin key: there is no readable admin.key in {_dataFolder}. Give --admin-key or SLUICE_ADMIN_KEY, or name the serving process's data folder with --data.", 2);
        }

        return await CallAsync(method, "admin/api" + path, AdminKey, body, cancellation);
    }

    /// <summary>Connections to a Sluice. An answer that is left is left at once: the handler would else read on for a while.</summary>
    public static HttpClient NewHttp(Uri url, TimeSpan timeout) =>
        // A proxy of the environment must not be asked for this machine.
        new(new SocketsHttpHandler { UseProxy = !url.IsLoopback, AllowAutoRedirect = false, MaxResponseDrainSize = 0 }) { BaseAddress = url, Timeout = timeout };

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, cancellation);

    /// <summary>Something answers there; whether it is Sluice, and takes the admin key, is for the calls to find out.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        try
        {
            using var response = await _http.GetAsync("healthz", HttpCompletionOption.ResponseHeadersRead, cancellation);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>True when this Sluice takes a client key.</summary>
    /// <exception cref="CommandFailure">Nothing answers, or not as Sluice does.</exception>
    public async Task<bool> AcceptsAsync(string clientKey, CancellationToken cancellation)
    {
        using var request = Request(HttpMethod.Get, "v1/models", clientKey, null);
        return await SendAsync(
            request,
            (status, _) => status switch
            {
                HttpStatusCode.OK => true,
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => false,
                _ => throw new CommandFailure($"{Url} answered with status {(int)status} when asked whether it takes the key of the settings. Try again, or give --key."),
            },
            cancellation);
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(HttpMethod method, string path, string key, Action<Utf8JsonWriter>? body)
    {
        if (!AuthenticationHeaderValue.TryParse("Bearer " + key, out var authorization))
        {
            throw new CommandFailure("The key has characters in it that no header can carry.", 2);
        }

        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = authorization;
        if (body is not null)
        {
            request.Content = Content(body);
        }

        return request;
    }

    private async Task<JsonElement> CallAsync(HttpMethod method, string path, string key, Action<Utf8JsonWriter>? body, CancellationToken cancellation)
    {
        using var request = Request(method, path, key, body);
        return await SendAsync(request, Read, cancellation);
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, Func<HttpStatusCode, byte[], T> read, CancellationToken cancellation)
    {
        try
        {
            using var response = await _http.SendAsync(request, cancellation);
            var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
            return read(response.StatusCode, bytes);
        }
        catch (HttpRequestException e)
        {
            throw new CommandFailure($"Nothing answers at {Url} ({e.InnerException?.Message ?? e.Message}). Start it with 'sluice serve', or name another address with --url or SLUICE_URL.");
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CommandFailure($"{Url} took the call and did not answer in {_http.Timeout.TotalSeconds:0} seconds. Its log may say why.");
        }
    }

    private JsonElement Read(HttpStatusCode status, byte[] bytes)
    {
        JsonElement answer;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            answer = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new CommandFailure($"What answers at {Url} is not Sluice: its answer ({(int)status}) is not JSON. Name the right address with --url or SLUICE_URL.");
        }

        if ((int)status < 400)
        {
            return answer;
        }

        var message = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var text)
            ? text.ToString()
            : $"{Url} answered with status {(int)status}.";
        throw status == HttpStatusCode.Unauthorized
            ? new CommandFailure($"{Url} does not take this key. {message}")
            : new CommandFailure(message, status == HttpStatusCode.BadRequest ? 2 : 1);
    }

    private static ByteArrayContent Content(Action<Utf8JsonWriter> body)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            body(json);
        }

        return new ByteArrayContent(buffer.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }
}
