using System.Net;
using System.Net.Http.Headers;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>One Sluice and one simulator that replays every recording.</summary>
public sealed class RecordingGateway : IAsyncLifetime
{
    private SluiceProcess? _sluice;
    private HttpClient? _client;

    public SimulatorHost Simulator { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Replay = RecordedCases.All.ToDictionary(c => c.SameModel, c => c.Replay(), StringComparer.Ordinal),
        });
        _sluice = await SluiceProcess.StartAsync(new SluiceOptions { Config = RecordedCases.Config(Simulator.Address) });
        _client = _sluice.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_sluice is not null)
        {
            await _sluice.DisposeAsync();
        }

        await Simulator.DisposeAsync();
    }

    /// <summary>Posts a body to the client's own path; returns the whole answer.</summary>
    internal Task<(HttpStatusCode Status, byte[] Body)> SendAsync(Wire client, string model, bool stream, byte[] body) => SendAsync(Wires.Path(client, model, stream), body);

    /// <summary>Posts a body; returns the whole answer.</summary>
    internal async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(string path, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await _client!.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }
}
