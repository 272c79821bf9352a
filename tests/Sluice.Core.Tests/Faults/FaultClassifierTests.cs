using Sluice.Core.Faults;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;
using Xunit;

namespace Sluice.Core.Tests.Faults;

public sealed class FaultClassifierTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(400, ErrorKind.InvalidRequest, "stays")]
    [InlineData(413, ErrorKind.InvalidRequest, "stays")]
    [InlineData(422, ErrorKind.InvalidRequest, "stays")]
    [InlineData(400, ErrorKind.ContextLength, "stays")]
    [InlineData(413, ErrorKind.ContextLength, "stays")]
    [InlineData(400, ErrorKind.ContentPolicy, "stays")]
    [InlineData(403, ErrorKind.ContentPolicy, "stays")]
    [InlineData(400, ErrorKind.Authentication, "dead")]
    [InlineData(400, ErrorKind.Credits, "dead")]
    [InlineData(401, ErrorKind.Authentication, "dead")]
    [InlineData(402, ErrorKind.Credits, "dead")]
    [InlineData(403, ErrorKind.Permission, "dead")]
    [InlineData(429, ErrorKind.Credits, "dead")]
    [InlineData(401, ErrorKind.UpstreamError, "dead")]
    [InlineData(404, ErrorKind.ModelNotFound, "moves")]
    [InlineData(400, ErrorKind.ModelNotFound, "moves")]
    [InlineData(404, ErrorKind.InvalidRequest, "moves")]
    [InlineData(405, ErrorKind.InvalidRequest, "moves")]
    [InlineData(408, ErrorKind.Timeout, "moves")]
    [InlineData(429, ErrorKind.RateLimit, "moves")]
    [InlineData(429, ErrorKind.QuotaExhausted, "moves")]
    [InlineData(500, ErrorKind.UpstreamError, "repeats")]
    [InlineData(502, ErrorKind.UpstreamError, "repeats")]
    [InlineData(503, ErrorKind.Overloaded, "repeats")]
    [InlineData(529, ErrorKind.Overloaded, "repeats")]
    [InlineData(504, ErrorKind.Timeout, "moves")]
    [InlineData(504, ErrorKind.UpstreamError, "moves")]
    [InlineData(524, ErrorKind.UpstreamError, "moves")]
    public void F13_Status_OfEachKind_IsClassed(int status, ErrorKind kind, string what)
    {
        var fault = FaultClassifier.FromStatus(WireProtocol.AnthropicMessages, status, new UpstreamError(kind, "no") { Body = RawJson.FromText("{}") }, new SomeHeaders(), Now);

        Assert.Equal(what, What(fault));
        Assert.Equal(status, fault.Status);
        Assert.Equal(FaultPhase.Status, fault.Phase);
        Assert.Equal(what == "stays" ? ErrorSource.Client : ErrorSource.Provider, fault.Source);
    }

    [Fact]
    public void Status403_InHtml_BlamesTheEdgeAndNotTheKey()
    {
        var fault = FaultClassifier.FromStatus(WireProtocol.OpenAIChat, 403, new UpstreamError(ErrorKind.Permission, "<html>blocked</html>"), new SomeHeaders(), Now);

        Assert.Equal("moves", What(fault));
    }

    [Theory]
    [InlineData(ErrorKind.Overloaded, null, "repeats")]
    [InlineData(ErrorKind.UpstreamError, null, "repeats")]
    [InlineData(ErrorKind.UpstreamError, 502, "repeats")]
    [InlineData(ErrorKind.RateLimit, null, "moves")]
    [InlineData(ErrorKind.Timeout, null, "moves")]
    [InlineData(ErrorKind.BadResponse, null, "moves")]
    [InlineData(ErrorKind.InvalidRequest, null, "stays")]
    [InlineData(ErrorKind.InvalidRequest, 400, "stays")]
    [InlineData(ErrorKind.Credits, 402, "dead")]
    public void F13_ErrorInsideA200_IsClassedByItsInnerCode(ErrorKind kind, int? inner, string what) =>
        Assert.Equal(what, What(FaultClassifier.FromStreamError(new UpstreamError(kind, "no") { Status = inner }, FaultPhase.FirstToken, default)));

    [Fact]
    public void EveryKind_InAStream_IsClassed() =>
        Assert.All(Enum.GetValues<ErrorKind>(), kind => Assert.Contains(What(FaultClassifier.FromStreamError(new UpstreamError(kind, "no"), FaultPhase.Stream, default)), new List<string> { "stays", "dead", "moves", "repeats" }));

    [Theory]
    [InlineData("retry-after: 9", 30, 9)]
    [InlineData("", 30, 30)]
    [InlineData("", null, null)]
    public void F32_Hint_HeaderBeforeBody(string headers, int? body, int? expected)
    {
        var error = new UpstreamError(ErrorKind.RateLimit, "slow") { RetryAfter = body is { } b ? TimeSpan.FromSeconds(b) : null };

        var fault = FaultClassifier.FromStatus(WireProtocol.OpenAIChat, 429, error, new SomeHeaders(headers), Now);

        Assert.Equal(expected is { } e ? TimeSpan.FromSeconds(e) : null, fault.RetryAfter);
    }

    [Theory]
    [InlineData(TimeoutLimit.Connect, "connect", FaultPhase.Connect, ErrorSource.Network)]
    [InlineData(TimeoutLimit.FirstToken, "first_token", FaultPhase.FirstToken, ErrorSource.Provider)]
    [InlineData(TimeoutLimit.Idle, "idle", FaultPhase.Stream, ErrorSource.Provider)]
    [InlineData(TimeoutLimit.Total, "total", FaultPhase.Stream, ErrorSource.Provider)]
    public void F33_Timeout_OfEachKind_MovesOnIsNeverRepeatedAndNamesItsSetting(TimeoutLimit limit, string setting, FaultPhase phase, ErrorSource source)
    {
        var fault = FaultClassifier.Timeout(limit, TimeSpan.FromSeconds(1.5));

        Assert.Equal("moves", What(fault));
        Assert.Equal((phase, source, ErrorKind.Timeout), (fault.Phase, fault.Source, fault.Kind));
        Assert.Contains("1.5 s", fault.Error.Message, StringComparison.Ordinal);
        Assert.Contains("timeouts." + setting, fault.Error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ConnectionFailure.NameNotFound, "DNS")]
    [InlineData(ConnectionFailure.Unreachable, "No connection")]
    [InlineData(ConnectionFailure.Tls, "TLS")]
    [InlineData(ConnectionFailure.Proxy, "HTTPS_PROXY")]
    [InlineData(ConnectionFailure.Cut, "was cut")]
    public void Connection_OfEachKind_SaysWhichAndRepeats(ConnectionFailure failure, string word)
    {
        var fault = FaultClassifier.Connection(failure, FaultPhase.Connect, "api.example:443", "because.");

        Assert.Equal("repeats", What(fault));
        Assert.Equal((ErrorKind.Connection, ErrorSource.Network), (fault.Kind, fault.Source));
        Assert.Contains(word, fault.Error.Message, StringComparison.Ordinal);
        Assert.Contains("api.example:443", fault.Error.Message, StringComparison.Ordinal);
        Assert.Contains("because. ", fault.Error.Message, StringComparison.Ordinal);
    }

    private static string What(UpstreamFault fault) => fault switch
    {
        { CanFailOver: false, CanRepeat: false, CredentialIsDead: false } => "stays",
        { CanFailOver: true, CanRepeat: false, CredentialIsDead: true } => "dead",
        { CanFailOver: true, CanRepeat: false } => "moves",
        { CanFailOver: true, CanRepeat: true, CredentialIsDead: false } => "repeats",
        _ => "contradicts itself",
    };
}
