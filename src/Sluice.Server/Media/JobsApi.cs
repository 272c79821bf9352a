using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Server.Attempts;
using Sluice.Server.Errors;
using Sluice.Server.Hosting;
using Sluice.Server.Identity;
using Sluice.Server.Relay;
using Sluice.Upstreams;

namespace Sluice.Server.Media;

/// <summary>
/// Asks for jobs where they were begun. There is nobody else to ask, so nothing fails over; and asking costs nothing, so it is no row of the ledger.
/// </summary>
internal sealed class JobsApi(Func<ConfigSnapshot> snapshot, IKeyRing keys, JobIds ids, UpstreamClient upstreams, TimeProvider time, ILogger<JobsApi> logger, CancellationToken drainOver)
{
    private const int ReadSize = 64 * 1024;

    private static IClientFormat Format => WireFormats.Fallback;

    /// <summary>Answers a request at a job's path, whatever it is.</summary>
    public async Task AnswerAsync(HttpContext http, JobPath path)
    {
        var id = "gen-" + Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        AnswerHeaders.WriteIds(http.Response, id);
        try
        {
            await AnswerKnownAsync(http, path);
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted)
        {
            HostingLog.RequestFailed(logger, e, id);
            await TellAsync(http, new GatewayError(ErrorKind.Internal, ErrorSource.Gateway, StatusCodes.Status500InternalServerError, $"Sluice failed on this request. It is logged under {id}: please report it."));
        }
    }

    private async Task AnswerKnownAsync(HttpContext http, JobPath path)
    {
        if (path.Operation(http.Request.Method) is not { } operation)
        {
            http.Response.Headers.Allow = path.IsContent ? "GET" : "GET, DELETE";
            await TellAsync(http, new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, StatusCodes.Status405MethodNotAllowed, $"{http.Request.Method} is not allowed on a job."));
            return;
        }

        var current = snapshot();
        var (caller, refused) = PresentedKeys.Identify(http.Request, keys, current.Auth.Open);
        if (caller is null)
        {
            await TellAsync(http, refused!);
            return;
        }

        var (call, unknown) = CallFor(path, operation, caller, current, http.Request);
        await (call is null ? TellAsync(http, unknown!) : AskAsync(http, path, call));
    }

    private (UpstreamCall? Call, GatewayError? Error) CallFor(JobPath path, UpstreamOperation operation, Caller caller, ConfigSnapshot current, HttpRequest request)
    {
        if (ids.Find(path.Id, caller.User) is not { } job)
        {
            return (null, NotFound("There is no such job of this user. An id holds for the user who began the job, and only at the Sluice that gave it."));
        }

        if (current.Providers.FirstOrDefault(provider => provider.Name == job.Provider) is not { } provider)
        {
            return (null, NotFound($"The provider '{job.Provider}', which works on this job, is configured no more."));
        }

        var (credential, isKnown) = ids.CredentialFor(job, provider);
        if (!isKnown)
        {
            return (null, NotFound($"The key of the provider '{job.Provider}' that began this job is configured no more."));
        }

        var endpoint = new ModelEndpoint(new Model(job.Model), provider.Name, job.UpstreamModel, Price: null);
        return (new UpstreamCall
        {
            Candidate = new Candidate(endpoint, provider, credential, "the job's own"),
            Protocol = Format.Protocol,
            Operation = operation,
            JobId = job.UpstreamId,
            Query = request.QueryString.Value,
            ClientHeaders = [.. request.Headers.SelectMany(header => header.Value, (header, value) => new KeyValuePair<string, string>(header.Key, value ?? "")).Where(header => IsSent(header.Key))],
            Body = [],
            Native = true,
        }, null);
    }

    private async Task AskAsync(HttpContext http, JobPath path, UpstreamCall call)
    {
        var provider = call.Candidate.Provider;
        using var clock = new AttemptClock(provider.Timeouts, stream: false, time, http.RequestAborted, drainOver);
        try
        {
            var reply = await upstreams.SendAsync(call, clock.Token);
            if (reply.Answer is not { } answer)
            {
                await TellAsync(http, ErrorOf(reply.Fault!, provider));
                return;
            }

            await using (answer)
            {
                await (answer.IsSuccess
                    ? RelayAsync(http, path, call, answer, clock)
                    : TellAsync(http, ErrorOf(await answer.ReadFaultAsync(WireFormats.Upstream(call.Protocol), time.GetUtcNow(), clock.Token), provider)));
            }
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted)
        {
            // The length is the video's.
            http.Response.ContentLength = null;
            await TellAsync(http, ErrorOf(FaultClassifier.Timeout(clock.Expired ?? TimeoutLimit.Total, clock.ExpiredAfter), provider));
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested && e is IOException or HttpRequestException or InvalidDataException)
        {
            http.Response.ContentLength = null;
            await TellAsync(http, ErrorOf(FaultClassifier.BadResponse(FaultPhase.FirstToken, $"The provider's answer broke off: {e.Message}"), provider));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or InvalidDataException)
        {
            // Half a video is out, or the client is gone: a cut is honest, a clean end would be a lie.
            http.Abort();
        }
    }

    private static async Task RelayAsync(HttpContext http, JobPath path, UpstreamCall call, UpstreamAnswer answer, AttemptClock clock)
    {
        if (MediaAnswers.IsPage(answer))
        {
            throw new InvalidDataException("it is a page.");
        }

        var response = http.Response;
        var headers = new List<KeyValuePair<string, string>>();
        answer.CollectHeaders(headers);
        foreach (var (name, value) in headers)
        {
            response.Headers[name] = HeaderText.Of(value);
        }

        response.Headers["x-sluice-provider"] = call.Candidate.Provider.Name;
        response.Headers["x-sluice-model"] = HeaderText.Of(call.Candidate.Endpoint.Model.Id);
        response.StatusCode = answer.Status;
        if (!answer.IsJson)
        {
            response.ContentLength = answer.ContentLength;
            await CopyAsync(answer, response, clock);
            return;
        }

        if (await WholeAnswer.ReadAsync(answer, clock, clock.Token) is not { } body)
        {
            throw new InvalidDataException("The provider's answer is larger than any job's.");
        }

        // The provider's own id is of no use to the client, and its address would go past Sluice.
        var read = MediaAnswer.Read(SurfaceOperation.MakeVideo, body.WrittenSpan);
        var told = read.JobId is null ? body.WrittenMemory : read.WithJob(body.WrittenMemory, path.Id, PollingAddress.Of(http.Request, path.Id));
        response.ContentLength = told.Length;
        await response.BodyWriter.WriteAsync(told, http.RequestAborted);
    }

    private static async Task CopyAsync(UpstreamAnswer answer, HttpResponse response, AttemptClock clock)
    {
        clock.FirstContent();
        while (true)
        {
            var read = await answer.Body.ReadAsync(response.BodyWriter.GetMemory(ReadSize), clock.Token);
            if (read == 0)
            {
                return;
            }

            response.BodyWriter.Advance(read);
            await response.BodyWriter.FlushAsync(clock.Token);
            clock.Progress();
        }
    }

    // A part of a video would come with a status and headers that are not passed on.
    private static bool IsSent(string header) =>
        !header.Equals("Range", StringComparison.OrdinalIgnoreCase) && !header.StartsWith("If-", StringComparison.OrdinalIgnoreCase);

    private static GatewayError NotFound(string message) => new(ErrorKind.NoEndpoint, ErrorSource.Client, StatusCodes.Status404NotFound, message) { ShouldRetry = false };

    private static GatewayError ErrorOf(UpstreamFault fault, ProviderSettings provider) =>
        new(fault.CredentialIsDead ? ErrorKind.UpstreamError : fault.Kind, fault.Source, fault.Status is 404 ? 404 : FinalError.StatusOf(fault), fault.Error.Message)
        {
            Provider = provider.Name,
            ProviderMessage = fault.Error.Message,
            RetryAfter = fault.RetryAfter,
            Reason = fault.Reason,
        };

    private static Task TellAsync(HttpContext http, GatewayError error) => ErrorAnswer.WriteAsync(http, Format, error with { RequestId = http.Response.Headers["x-sluice-request-id"] });
}
