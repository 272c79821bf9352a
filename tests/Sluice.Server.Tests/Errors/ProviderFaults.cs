using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Ledger;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Server.Attempts;
using Sluice.Server.Errors;

namespace Sluice.Server.Tests.Errors;

/// <summary>One fault of each kind, as the only attempt of a request, and what the product's own code makes of it for clients.</summary>
internal static class ProviderFaults
{
    /// <summary>Kinds that only Sluice itself uses.</summary>
    public static readonly IReadOnlyList<ErrorKind> NeverAProviders = [ErrorKind.Cancelled, ErrorKind.Internal];

    private static readonly ProviderSettings Provider = new() { Name = "NAME", Kind = ProviderKind.Anthropic, BaseUrl = new Uri("https://provider.example") };

    public static IEnumerable<ErrorKind> Kinds => Enum.GetValues<ErrorKind>().Except(NeverAProviders);

    public static UpstreamFault Of(ErrorKind kind) => kind switch
    {
        ErrorKind.Connection => FaultClassifier.Connection(ConnectionFailure.Cut, FaultPhase.Send, "provider.example", detail: null),
        ErrorKind.Timeout => FaultClassifier.Timeout(TimeoutLimit.FirstToken, TimeSpan.FromSeconds(300)),
        ErrorKind.BadResponse => FaultClassifier.BadResponse(FaultPhase.FirstToken, "…"),
        _ => FaultClassifier.FromStatus(
            WireProtocol.AnthropicMessages, ErrorStatus.Of(kind), new UpstreamError(kind, "…") { Body = RawJson.EmptyObject }, new NoHeaders(), DateTimeOffset.UnixEpoch),
    };

    /// <summary>The error that a client gets when nobody else could answer.</summary>
    public static GatewayError Told(UpstreamFault fault, WireProtocol client)
    {
        var model = new Model("acme/coder");
        var attempt = new Attempt
        {
            Row = new AttemptStarted
            {
                AttemptId = "att-1",
                RequestId = "gen-1",
                Ordinal = 1,
                StartedAt = DateTimeOffset.UnixEpoch,
                KeyId = "key",
                User = "user",
                Model = model.Id,
                Provider = Provider.Name,
                UpstreamModel = "coder",
                ClientProtocol = client,
                UpstreamProtocol = WireProtocol.AnthropicMessages,
                EstimatedInputTokens = 1,
            },
            Candidate = new Candidate(new ModelEndpoint(model, Provider.Name, "coder", Price: null), Provider, Credential: null, "only endpoint"),
            Wire = WireProtocol.AnthropicMessages,
            Native = client == WireProtocol.AnthropicMessages,
            Degradations = new DegradationLog(),
            RowWritten = Task.CompletedTask,
            SentAt = 0,
            Fault = fault,
        };
        var request = new InferenceRequest
        {
            Http = new DefaultHttpContext(),
            Id = "gen-1",
            StartedAt = DateTimeOffset.UnixEpoch,
            Surface = null!, // what follows is not asked by the composition of the error
            Snapshot = null!,
            Caller = null!,
            Body = null!,
            Envelope = null!,
            Facts = null!,
            Plan = null!,
            Reasoning = null!,
        };
        request.Attempts.Add(attempt);
        return ErrorAnswer.ForClient(FinalError.Of(request, attempt), client, new DefaultHttpContext().Request);
    }

    /// <summary>The error's body as that protocol's clients get it.</summary>
    public static JsonElement Body(GatewayError error, WireProtocol client)
    {
        var output = new ArrayBufferWriter<byte>();
        WireFormats.Of(client).WriteError(error, output);
        using var json = JsonDocument.Parse(output.WrittenMemory);
        return json.RootElement.Clone();
    }

    private sealed class NoHeaders : IHeaderLookup
    {
        public string? Find(string name) => null;
    }
}
