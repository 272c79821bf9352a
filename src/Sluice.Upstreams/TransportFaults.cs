using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;

namespace Sluice.Upstreams;

/// <summary>Says of an exception of the HTTP stack what failed. Cancellation by the caller is no fault and must be told apart before.</summary>
public static class TransportFaults
{
    /// <summary>Classifies what sending a request or reading an answer threw.</summary>
    /// <param name="exception">As caught.</param>
    /// <param name="phase">Where it was caught; a failure to connect says so itself.</param>
    /// <param name="provider">Whose; its host and timeouts go into the message.</param>
    public static UpstreamFault FromException(Exception exception, FaultPhase phase, ProviderSettings provider)
    {
        var host = provider.BaseUrl.Authority;
        if (exception is OperationCanceledException or TimeoutException)
        {
            // Nobody cancelled: the handler's own connect timeout ran out.
            return FaultClassifier.Timeout(TimeoutLimit.Connect, provider.Timeouts.Connect);
        }

        var socket = Find<SocketException>(exception);
        var said = exception is HttpRequestException request ? request.HttpRequestError
            : exception is HttpIOException io ? io.HttpRequestError
            : HttpRequestError.Unknown;
        switch (said)
        {
            case HttpRequestError.NameResolutionError:
                return FaultClassifier.Connection(ConnectionFailure.NameNotFound, FaultPhase.Connect, host, Detail(socket, exception));
            case HttpRequestError.ConnectionError:
                return FaultClassifier.Connection(ConnectionFailure.Unreachable, FaultPhase.Connect, host, Detail(socket, exception));
            case HttpRequestError.SecureConnectionError:
                return FaultClassifier.Connection(ConnectionFailure.Tls, FaultPhase.Connect, host, Innermost(exception));
            case HttpRequestError.ProxyTunnelError:
                return FaultClassifier.Connection(ConnectionFailure.Proxy, FaultPhase.Connect, host, exception.Message);
            case HttpRequestError.InvalidResponse:
            case HttpRequestError.ConfigurationLimitExceeded:
                return FaultClassifier.BadResponse(phase, $"{host} did not answer in HTTP that can be read: {exception.Message}");
            case HttpRequestError.ResponseEnded:
            case HttpRequestError.HttpProtocolError:
                return FaultClassifier.Connection(ConnectionFailure.Cut, phase, host, exception.Message);
            default:
                break;
        }

        if (Find<AuthenticationException>(exception) is { } tls)
        {
            return FaultClassifier.Connection(ConnectionFailure.Tls, FaultPhase.Connect, host, tls.Message);
        }

        // What decoding a compressed body throws is the upstream's data, not the network.
        return Find<InvalidDataException>(exception) is { } data
            ? FaultClassifier.BadResponse(phase, $"{host} sent a compressed body that cannot be decoded: {data.Message}")
            : FaultClassifier.Connection(ConnectionFailure.Cut, phase, host, Detail(socket, exception));
    }

    private static string Detail(SocketException? socket, Exception exception) => socket?.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "connection reset by the other side",
        SocketError.HostNotFound or SocketError.NoData => "no such host",
        SocketError.TryAgain => "the name server did not answer",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route there",
        SocketError.TimedOut => "timed out",
        null => exception.Message,
        _ => socket.Message,
    };

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message;
    }

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}
