using Microsoft.AspNetCore.Http;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Server.Errors;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Errors;

/// <summary><c>docs/errors.md</c>, made from the code that classes, composes and writes errors, so that it cannot say anything else.</summary>
public sealed class ErrorCatalogueTests
{
    private const string Head = """
        # Errors

        Every error answer has the shape of the client's own format. `x-sluice-error-source` says whose fault it is: `client`, `gateway`
        (Sluice, its configuration or its limits), `provider` or `network`. `x-sluice-request-id` is what `sluice explain` takes; it shows every
        attempt with what the provider said. The kinds below are a closed list; they stand in the body (`kind`), in the ledger and in reports.

        A stream that has begun keeps its status 200 and ends with the same error as its format's own event. In a body the error of the only
        or the most hopeful attempt is told, with all attempts beside it. Chat and Responses clients get the same bodies; a Responses stream ends
        with `error` and `response.failed`. Gemini clients find `kind` and the rest in `details`, and an array that they stream has the error as
        its last element.

        Chat's `code` is a word under `/v1` and the status as a number under `/api`, with OpenRouter's further members in `metadata`
        (`remedy_hint`, `previous_errors`, `limit_source`). On every path `error_type` is OpenRouter's word for the error, `http_status` the
        number, `raw` and `provider_error` the provider's own words, and `reason` tells apart what one kind has several of: `key_missing`,
        `key_unknown`, `key_revoked`, `key_expired`, of permissions `guardrail`, of money `budget_exceeded`, `weight_exceeds_budget` (this request alone),
        `in_flight_budget_exhausted`, and of connections `dns`, `connect`, `tls`, `proxy`, `cut`. Where a request's filters left
        no endpoint, `routing_funnel` says how many each of them left. Under `/api` a Chat body whose model could not be had says why in
        `availability` (`code`, `retryable`, `requested_models`, `excluded_by`, …), and a Responses body has `error_type` beside the error. Anthropic clients find `error_type` and `reason` in `error`.

        Beside them stand `remedy` (the same as `hint`), one sentence with what to do, and `docs_url`: the address of the kind's page at this
        Sluice itself. `GET /docs/errors` is this page, `GET /docs/errors/KIND` what it says of one kind; neither needs a key.

        ## When a provider fails

        **next**: the next candidate is asked before the client hears anything. **again**: when none is left, the same one is asked again,
        as `routing.retries` and `routing.retry_budget` allow. **key**: the provider's key is not used any more until the configuration changes.
        A `retry-after` of the provider goes on to the client, 1 to 55 seconds; the number here stands where it gave none.

        | kind | status, Anthropic / others | source | Anthropic `type` | OpenAI `type`, `code` | Gemini `status` | next | again | key | `retry-after` | `x-should-retry` | what to do |
        |---|---|---|---|---|---|---|---|---|---|---|---|

        """;

    private const string Own = """

        Of the request's own faults (400, 413, 422) a client of the provider's format gets the provider's body as it came: agents repair
        themselves by its wording.

        ## What Sluice itself refuses

        Nothing was sent to a provider, nothing is paid for.

        | when | kind | status | source | Anthropic `type` | OpenAI `type`, `code` | Gemini `status` | `retry-after` | `x-should-retry` | what is said |
        |---|---|---|---|---|---|---|---|---|---|

        """;

    private const string Foot = """

        A request that took longer than its deadline (`timeouts.request`, a rule's `deadline`) is a `timeout` with status 408, source `gateway` and
        `reason` `deadline`. Calls that were under way then are cancelled and charged.

        Where a hard budget would pay if requests under way held nothing of it, the 402 has `retry-after` and `x-should-retry: true`, and `reason` is
        `in_flight_budget_exhausted`: the only `credits` that another try helps.

        `internal` (500) is only ever a fault in Sluice itself. `cancelled` (499) is in the ledger alone: the client went away.

        A refusal of a caller whose key is known is a request without attempts in the ledger: `sluice explain` and `sluice report --by cause`
        show it. Callers without a valid key leave nothing there.

        ## What is refused before there is a request

        A request line of more than 16 KiB (414), headers of more than 64 KiB together or more than 200 of them (431), headers that take longer
        than 30 seconds (408), and what is no HTTP/1.1 (400, 505) are answered with the bare status and an empty body, and the connection is
        closed: nothing of such a request says which format its client speaks. Other connections notice nothing. A connection without a request
        is closed after 130 seconds.

        """;

    [Fact]
    public async Task Page_InTheTree_IsWhatTheCodeDoes()
    {
        var page = new StringBuilder(Head);
        foreach (var kind in ProviderFaults.Kinds)
        {
            AddProviderRow(page, kind);
        }

        page.Append(Own);
        await using (var own = await OwnErrors.StartAsync())
        {
            foreach (var (when, told) in await own.CollectAsync())
            {
                foreach (var other in told.Values)
                {
                    Assert.Equal((told[Wire.Anthropic].Source, told[Wire.Anthropic].RetryAfter, told[Wire.Anthropic].ShouldRetry), (other.Source, other.RetryAfter, other.ShouldRetry));
                }

                AddOwnRow(page, when, told);
            }
        }

        AddOwnRow(page, "while stopping", Enum.GetValues<Wire>().ToDictionary(wire => wire, wire => Whole(Drain.Refusal(), Wires.ProtocolOf(wire))));
        var difference = ApprovedPage.Difference("docs/errors.md", page.Append(Foot).ToString());
        Assert.True(difference is null, difference);
    }

    // A new kind must be put into one of the two, or the page would pass over it in silence.
    [Fact]
    public void Kinds_EveryOne_HasAWordAndAStatus()
    {
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            Assert.Matches("^[a-z_]+$", ErrorWords.Of(kind));
            Assert.InRange(ErrorStatus.Of(kind), 400, 599);
        }

        Assert.Equal(Enum.GetValues<ErrorKind>().Length, ProviderFaults.Kinds.Count() + ProviderFaults.NeverAProviders.Count);
    }

    private static void AddProviderRow(StringBuilder page, ErrorKind kind)
    {
        var fault = ProviderFaults.Of(kind);
        var told = Enum.GetValues<Wire>().ToDictionary(wire => wire, wire => Whole(ProviderFaults.Told(fault, Wires.ProtocolOf(wire)), Wires.ProtocolOf(wire)));
        var anthropic = told[Wire.Anthropic];
        AddRow(page,
            Code(ErrorWords.Of(kind)), Statuses(told), anthropic.Source, AnthropicType(told), OpenAIType(told), GeminiStatus(told),
            YesNo(fault.CanFailOver), YesNo(fault.CanRepeat), fault.CredentialIsDead ? "dead" : "", anthropic.RetryAfter, anthropic.ShouldRetry,
            anthropic.Error.GetProperty("remedy").GetString()!);
    }

    private static void AddOwnRow(StringBuilder page, string when, IReadOnlyDictionary<Wire, OwnError> told)
    {
        // How much is held at that moment is not part of the contract.
        var anthropic = told[Wire.Anthropic];
        var said = Regex.Replace(anthropic.Error.GetProperty("message").GetString()!, @"(?<=holds |due in |room in )\d+(?= of| s)|(?<=its request id )req_sim_[0-9a-f]+", "N", RegexOptions.None, TimeSpan.FromSeconds(1));
        var remedy = anthropic.Error.TryGetProperty("remedy", out var text) ? " " + text.GetString() : "";
        AddRow(page,
            when, Code(anthropic.Error.GetProperty("kind").GetString()!), Statuses(told), anthropic.Source, AnthropicType(told), OpenAIType(told), GeminiStatus(told),
            anthropic.RetryAfter, anthropic.ShouldRetry, said.Contains(remedy, StringComparison.Ordinal) ? said : said + remedy);
    }

    private static OwnError Whole(GatewayError error, WireProtocol client)
    {
        error = ErrorAnswer.ForClient(error, client, new DefaultHttpContext().Request);
        return new OwnError(
            error.Status,
            ErrorWords.Of(error.Source),
            ErrorAnswer.RetryAfterSeconds(error)?.ToString(CultureInfo.InvariantCulture) ?? "",
            error.ShouldRetry switch { null => "", true => "true", false => "false" },
            ProviderFaults.Body(error, client));
    }

    private static string Statuses(IReadOnlyDictionary<Wire, OwnError> told)
    {
        var (anthropic, others) = (told[Wire.Anthropic].Status, told[Wire.Chat].Status);
        Assert.All(told, one => Assert.Equal(one.Key == Wire.Anthropic ? anthropic : others, one.Value.Status));
        return anthropic == others ? $"{anthropic}" : $"{anthropic} / {others}";
    }

    private static string AnthropicType(IReadOnlyDictionary<Wire, OwnError> told) => Code(Read(told, Wire.Anthropic).Type);

    private static string OpenAIType(IReadOnlyDictionary<Wire, OwnError> told)
    {
        var (chat, responses) = (Read(told, Wire.Chat), Read(told, Wire.Responses));
        Assert.Equal((chat.Type, chat.Code, chat.Kind), (responses.Type, responses.Code, responses.Kind));
        return $"{Code(chat.Type)}, {Code(chat.Code!)}";
    }

    private static string GeminiStatus(IReadOnlyDictionary<Wire, OwnError> told) => told.ContainsKey(Wire.Gemini) ? Code(Read(told, Wire.Gemini).Type) : "";

    private static ErrorRead Read(IReadOnlyDictionary<Wire, OwnError> told, Wire wire)
    {
        var error = Wires.Of(wire).ErrorOf(told[wire].Body);
        Assert.True(error is not null, told[wire].Body.ToString());
        return error;
    }

    private static void AddRow(StringBuilder page, params IEnumerable<string> cells) =>
        page.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");

    private static string Code(string word) => $"`{word}`";

    private static string YesNo(bool value) => value ? "yes" : "no";
}
