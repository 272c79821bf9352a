using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Ledger;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Attempts;
using Sluice.Server.Ingress;
using Sluice.Server.Relay;
using Sluice.Server.Settlement;

namespace Sluice.Server.KeptAnswers;

/// <summary>
/// One request whose answer may be a kept one, and may be kept: before anybody is asked it looks for a fresh answer, after an answer it keeps that,
/// and when nobody could answer it looks for one that has expired. What it serves costs nothing and says so.
/// </summary>
internal sealed class CachedCall : IDisposable
{
    private readonly AnswerCache _cache;
    private readonly Settler _settler;
    private readonly TimeProvider _time;
    private readonly InferenceRequest _request;
    private readonly CacheWish _wish;
    private readonly AnswerKey _key;
    private readonly AnswerTee? _tee;

    private CachedCall(AnswerCache cache, Settler settler, TimeProvider time, InferenceRequest request, CacheWish wish, BodyBudget budget)
    {
        _cache = cache;
        _settler = settler;
        _time = time;
        _request = request;
        _wish = wish;
        _key = new AnswerKey(request);
        _tee = request.Envelope.Stream ? AnswerTee.On(request.Http, StreamFramings.Of(request.Surface).KeepAlive, budget) : null;
    }

    /// <summary>Null where the request wants nothing of it, or must leave no trace: what may not be kept elsewhere is not kept here either.</summary>
    /// <param name="cache">All kept answers.</param>
    /// <param name="settler">Writes what was served.</param>
    /// <param name="time">The clock.</param>
    /// <param name="request">With its plan.</param>
    /// <param name="preferences">What it wants of providers.</param>
    /// <param name="budget">Of the bodies held while requests run.</param>
    public static CachedCall? Of(AnswerCache cache, Settler settler, TimeProvider time, InferenceRequest request, ProviderPreferences preferences, BodyBudget budget)
    {
        var settings = request.Snapshot.Cache;
        if (settings.Enabled == false || CacheWish.Of(request.Http.Request.Headers, settings) is not { } wish)
        {
            return null;
        }

        // A conversation that a provider keeps goes on from where it stands there, whatever the body says. A job is begun anew each time, and images are
        // too large to keep.
        return preferences.ZeroDataRetention || preferences.DenyDataCollection || request.Envelope.ContinuesAnswer || request.Surface.Operation == SurfaceOperation.CountTokens || request.Surface.Operation.IsMedia()
            ? null
            : new CachedCall(cache, settler, time, request, wish, budget);
    }

    /// <summary>Answers with a kept answer that is still fresh. False where there is none, or where the request may not have one.</summary>
    public async Task<bool> TryServeFreshAsync()
    {
        if (_wish.Clear)
        {
            _cache.Remove(_key);
            return false;
        }

        if (_request.Plan.Refusal is { } refusal && !IsOutage(refusal))
        {
            return false;
        }

        if (_cache.Find(_key) is not { } answer || Age(answer) >= answer.Ttl)
        {
            return false;
        }

        await ServeAsync(answer, "HIT", AttemptCause.KeptRoute, string.Create(CultureInfo.InvariantCulture,
            $"The same request was answered {Seconds(Age(answer))} s before, as {answer.SourceId}; that answer was sent again and nobody was asked."));
        return true;
    }

    /// <summary>Answers with a kept answer that has expired, since nobody gives a fresh one. False where there is none, and where the client could not be told how old it is.</summary>
    /// <param name="error">What it would be told instead.</param>
    public async Task<bool> TryServeStaleAsync(GatewayError error)
    {
        var allowed = _request.Snapshot.Cache.Stale;
        if (allowed == TimeSpan.Zero || _request.Facts.Strict || _request.Http.Response.HasStarted || !IsOutage(error)
            || _cache.Find(_key) is not { } answer || Age(answer) >= answer.Ttl + allowed)
        {
            return false;
        }

        _request.Http.Response.Headers["x-sluice-warning"] = string.Create(CultureInfo.InvariantCulture, $"Nobody could answer; this answer is {Seconds(Age(answer))} s old.");
        var degraded = answer.Degraded is null ? "cache=stale" : $"{answer.Degraded},cache=stale";
        await ServeAsync(answer with { Degraded = degraded }, "STALE", AttemptCause.StaleRoute, string.Create(CultureInfo.InvariantCulture,
            $"Nobody could answer ({error.Message.TrimEnd('.')}); the answer of {answer.SourceId}, {Seconds(Age(answer))} s old, was sent again."));
        return true;
    }

    /// <summary>Says that the answer is a fresh one, and how long it will be kept.</summary>
    public void WriteMiss(HttpResponse response)
    {
        WriteHeaders(response, "MISS", _wish.Ttl);

        // An upstream that keeps answers itself tells of its own.
        response.Headers.Remove("X-OpenRouter-Cache-Age");
        response.Headers.Remove("X-OpenRouter-Cache-Source-Id");
    }

    /// <summary>Keeps an answer that has ended well. Before its last bytes leave, so that whoever has read them and asks again finds it.</summary>
    /// <param name="attempt">Whose it is.</param>
    /// <param name="rest">What has not been written yet; all of a whole answer.</param>
    public void Keep(Attempt attempt, ReadOnlyMemory<byte> rest)
    {
        ReadOnlyMemory<byte>? sent = _tee is null ? ReadOnlyMemory<byte>.Empty : _tee.Copy;
        if (sent is not { } begun || begun.Length + rest.Length > AnswerTee.Most)
        {
            return;
        }

        _cache.Keep(_key, new KeptAnswer(_request.Id, [.. begun.Span, .. rest.Span], _time.GetUtcNow(), _wish.Ttl)
        {
            Model = attempt.Row.Model,
            Provider = attempt.Row.Provider,
            ContentType = _request.Envelope.Stream ? StreamFramings.Of(_request.Surface).ContentType : "application/json",
            Degraded = Settler.Describe(attempt.Degradations),
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _tee?.Dispose();

    private async Task ServeAsync(KeptAnswer answer, string status, string route, string cause)
    {
        var response = _request.Http.Response;
        var now = _time.GetUtcNow();
        var age = Age(answer);
        var bytes = AnswerReplay.Write(answer.Bytes, _request.Surface.Format.AnswerMembers, _request.Id[4..], now.ToUnixTimeSeconds());
        await _settler.SettleKeptAsync(_request, answer, route, cause);

        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = answer.ContentType;
        response.Headers.CacheControl = "no-store";
        AnswerHeaders.WriteIds(response, _request.Id);
        response.Headers["x-sluice-attempts"] = _request.Attempts.Count.ToString(CultureInfo.InvariantCulture);
        response.Headers["x-sluice-model"] = HeaderText.Of(answer.Model);
        response.Headers["x-sluice-provider"] = answer.Provider;
        response.Headers["x-sluice-route"] = route;
        if (answer.Degraded is { } degraded)
        {
            response.Headers["x-sluice-degraded"] = HeaderText.Of(degraded);
        }

        WriteHeaders(response, status, answer.Ttl > age ? answer.Ttl - age : TimeSpan.Zero);
        response.Headers["X-OpenRouter-Cache-Age"] = Seconds(age);
        response.Headers["X-OpenRouter-Cache-Source-Id"] = answer.SourceId;
        if (!_request.Envelope.Stream)
        {
            response.Headers["x-sluice-cost"] = "0";
            response.ContentLength = bytes.Length;
        }

        await response.BodyWriter.WriteAsync(bytes, _request.ClientGone);
    }

    private TimeSpan Age(KeptAnswer answer) => _time.GetUtcNow() - answer.KeptAt;

    // Whoever may not ask, asks for what does not exist or has reached a limit of Sluice's own hears that and nothing else.
    private static bool IsOutage(GatewayError error) => error.Status is 429 or >= 502 && (error.Source != ErrorSource.Gateway || error.Kind == ErrorKind.NoEndpoint);

    private static void WriteHeaders(HttpResponse response, string status, TimeSpan ttl)
    {
        response.Headers["X-OpenRouter-Cache-Status"] = status;
        response.Headers["X-OpenRouter-Cache-TTL"] = Seconds(ttl);
    }

    private static string Seconds(TimeSpan span) => ((long)Math.Max(0, span.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
