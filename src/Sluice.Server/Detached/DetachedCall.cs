using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Formats;
using Sluice.Server.Ingress;
using Sluice.Server.Relay;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Detached;

/// <summary>
/// A call that runs on when its client leaves (<c>x-sluice-detach: 1</c>): what it takes for the client's leaving is <see cref="Gone"/>, which comes
/// only when it may run no longer. Its answer is kept under the request's id, also where the client has stayed: it may have lost the end of it.
/// </summary>
internal sealed class DetachedCall : IDisposable
{
    /// <summary>The request's header.</summary>
    public const string Header = "x-sluice-detach";

    /// <summary>What the ledger says of an answer that was finished for nobody.</summary>
    public const string Note = "The client left and the call ran on, as it had asked for; its answer can be fetched for an hour.";

    private readonly DetachedAnswers _answers;
    private readonly TimeProvider _time;
    private readonly HttpContext _http;
    private readonly DetachedAnswer _call;
    private readonly AnswerTee _tee;
    private readonly CancellationTokenSource _gone;
    private readonly CancellationTokenRegistration _leaving;
    private bool _isCut;

    /// <param name="answers">All of them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="http">Nothing has been written yet.</param>
    /// <param name="surface">How the client speaks.</param>
    /// <param name="call">Which.</param>
    /// <param name="budget">Of what is held while requests run.</param>
    public DetachedCall(DetachedAnswers answers, TimeProvider time, HttpContext http, Surface surface, DetachedAnswer call, BodyBudget budget)
    {
        (_answers, _time, _http, _call) = (answers, time, http, call);
        _gone = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _tee = AnswerTee.On(http, StreamFramings.Of(surface).KeepAlive, budget);
        _tee.HidesLeaving = true;
        _tee.GivenUp = TooLarge;
        _leaving = http.RequestAborted.UnsafeRegister(static call => ((DetachedCall)call!).Leave(), this);
    }

    /// <summary>In the place of the client's own token.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>The client has left, and the call runs on.</summary>
    public bool RunsOn { get; private set; }

    /// <summary>The request asks for it.</summary>
    public static bool IsWanted(HttpContext http, Surface surface) => surface.Operation == SurfaceOperation.Generate && http.Request.Headers[Header] == "1";

    /// <summary>The answer ends before its end: half of one must not be fetched as a whole.</summary>
    public void CutShort() => _isCut = true;

    /// <summary>Keeps what the client got, or would have got. Once, when nothing more is written.</summary>
    public void Dispose()
    {
        _leaving.Dispose();
        var answer = _isCut || _gone.IsCancellationRequested || _tee.Copy is not { Length: > 0 } bytes
            ? null
            : _call with { Status = _http.Response.StatusCode, ContentType = _http.Response.ContentType, Bytes = bytes.ToArray(), EndedAt = _time.GetUtcNow() };
        _answers.End(_call.Id, answer);
        _tee.Dispose();
        _gone.Dispose();
    }

    private void Leave()
    {
        if (!_tee.HasCopy || !_answers.TryRunOn(_call))
        {
            _gone.Cancel();
            return;
        }

        RunsOn = true;
        _tee.Deaf = true;
        _gone.CancelAfter(DetachedAnswers.LongestRun);
        if (!_tee.HasCopy)
        {
            // Given up in the meantime.
            _gone.Cancel();
        }
    }

    // Nobody reads it and nobody could fetch it: going on would be paid for nothing.
    private void TooLarge()
    {
        if (RunsOn)
        {
            _gone.Cancel();
        }
    }
}
