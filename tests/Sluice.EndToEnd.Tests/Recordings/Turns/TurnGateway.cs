using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.Recordings.Turns;

/// <summary>One Sluice, and one simulator that answers every request for a model with its recording.</summary>
public sealed class TurnGateway : IAsyncLifetime
{
    private SluiceProcess? _sluice;
    private HttpClient? _client;
    private SimulatorHost? _simulator;

    public async ValueTask InitializeAsync()
    {
        _simulator = await SimulatorHost.StartAsync(new SimulatorOptions { Replay = TurnCases.All.ToDictionary(c => c.Upstream, c => c.Recorded.Replay(), StringComparer.Ordinal) });
        _sluice = await SluiceProcess.StartAsync(new SluiceOptions { Config = TurnCases.Config(_simulator.Address) });
        _client = _sluice.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_sluice is not null)
        {
            await _sluice.DisposeAsync();
        }

        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }
    }

    /// <summary>Asks as a client of the format; returns the turn as such a client keeps it.</summary>
    internal async Task<JsonArray> SendAsync(Wire client, TurnCase turn, string session, JsonObject body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Wires.Path(client, turn.Model, turn.Recorded.IsStream)) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("x-sluice-session", session);
        using var response = await _client!.SendAsync(request);
        var answer = await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode == HttpStatusCode.OK ? Turn.Of(client, turn.Recorded.IsStream, answer)
            : throw new InvalidOperationException($"{response.StatusCode} {Encoding.UTF8.GetString(answer)}");
    }

    /// <summary>What the provider was asked last.</summary>
    internal JsonNode LastSent(TurnCase turn) => Turn.Parse(_simulator!.Record.Requests.Last(r => r.Model == turn.Upstream).Body);
}
