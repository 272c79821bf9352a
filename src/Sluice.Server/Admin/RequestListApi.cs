using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Sluice.Core.Ledger;

namespace Sluice.Server.Admin;

/// <summary><c>/requests?limit=50&amp;failed=1&amp;before=…</c>: settled requests, the newest first. <c>next</c> is the <c>before</c> of the next page.</summary>
internal static class RequestListApi
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 500;

    private static readonly string[] Parameters = ["limit", "failed", "before"];

    public static async Task ListAsync(HttpContext http)
    {
        var list = await http.RequestServices.GetRequiredService<ILedgerQueries>().ListRequestsAsync(Read(http.Request.Query), http.RequestAborted);
        await AdminAnswer.JsonAsync(http, new RequestListAnswer([.. list.Lines.Select(Answer)], list.Next), AdminJson.Default.RequestListAnswer);
    }

    private static RequestListQuery Read(IQueryCollection query)
    {
        if (query.Keys.FirstOrDefault(name => !Parameters.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw new BadInputException($"'{unknown}' is no parameter of a list of requests; there are {string.Join(", ", Parameters)}.");
        }

        return new RequestListQuery(
            (int)(Number(query["limit"], "limit", MaxLimit) ?? DefaultLimit),
            Number(query["before"], "before", long.MaxValue),
            query["failed"].ToString() switch
            {
                "" or "0" or "false" => false,
                "1" or "true" => true,
                var other => throw new BadInputException($"'failed' is '{other}'; it is 1 or 0."),
            });
    }

    private static long? Number(StringValues text, string name, long most)
    {
        if (StringValues.IsNullOrEmpty(text))
        {
            return null;
        }

        return long.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
            ? number
            : throw new BadInputException($"'{name}' is '{text}'; it is a whole number from 1 to {most.ToString(CultureInfo.InvariantCulture)}.");
    }

    private static RequestLineAnswer Answer(RequestLine line)
    {
        var request = line.Request;
        return new RequestLineAnswer
        {
            Id = request.RequestId,
            StartedAt = request.StartedAt,
            Milliseconds = Math.Max(0, (long)(request.EndedAt - request.StartedAt).TotalMilliseconds),
            Status = request.Status,
            Error = request.Error is { } kind ? AttemptCause.Of(kind) : null,
            ErrorSource = request.ErrorSource is { } source ? JsonNamingPolicy.SnakeCaseLower.ConvertName(source.ToString()) : null,
            KeyId = request.KeyId,
            User = request.User,
            Project = request.Project,
            Client = request.Client,
            RequestedModel = request.RequestedModel,
            Model = request.Model,
            Provider = line.Provider,
            Attempts = request.Attempts,
            CostUsd = Money.Usd(line.CostNanoUsd),
            Unpriced = line.Unpriced,
        };
    }
}

internal sealed record RequestListAnswer(IReadOnlyList<RequestLineAnswer> Requests, long? Next);

internal sealed record RequestLineAnswer
{
    public required string Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required long Milliseconds { get; init; }

    public required int Status { get; init; }

    public string? Error { get; init; }

    public string? ErrorSource { get; init; }

    public required string KeyId { get; init; }

    public required string User { get; init; }

    public string? Project { get; init; }

    public string? Client { get; init; }

    public required string RequestedModel { get; init; }

    public string? Model { get; init; }

    /// <summary>Of the last attempt.</summary>
    public string? Provider { get; init; }

    public required int Attempts { get; init; }

    public required string CostUsd { get; init; }

    /// <summary>Attempts without a known price; the cost is more than it says.</summary>
    public required long Unpriced { get; init; }
}
