using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Server.Errors;
using Sluice.Server.Hosting;
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
        or the most hopeful attempt is told, with all attempts beside it.

        ## When a provider fails

        **next**: the next candidate is asked before the client hears anything. **again**: when none is left, the same one is asked again,
        as `routing.retries` and `routing.retry_budget` allow. **key**: the provider's key is not used any more until the configuration changes.
        A `retry-after` of the provider goes on to the client, 1 to 55 seconds; the number here stands where it gave none.

        | kind | status, Anthropic / OpenAI | source | Anthropic `type` | OpenAI `type`, `code` | next | again | key | `retry-after` | `x-should-retry` | what to do |
        |---|---|---|---|---|---|---|---|---|---|---|

        """;

    private const string Own = """

        Of the request's own faults (400, 413, 422) a client of the provider's format gets the provider's body as it came: agents repair
        themselves by its wording.

        ## What Sluice itself refuses

        Nothing was sent to a provider, nothing is paid for.

        | when | kind | status | source | Anthropic `type` | OpenAI `type`, `code` | `retry-after` | `x-should-retry` | what is said |
        |---|---|---|---|---|---|---|---|---|

        """;

    private const string Foot = """

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
            foreach (var (when, anthropic, openAI) in await own.CollectAsync())
            {
                Assert.Equal((anthropic.Source, anthropic.RetryAfter, anthropic.ShouldRetry), (openAI.Source, openAI.RetryAfter, openAI.ShouldRetry));
                AddOwnRow(page, when, anthropic, openAI);
            }
        }

        AddOwnRow(page, "while stopping", Whole(Drain.Refusal(), WireProtocol.AnthropicMessages), Whole(Drain.Refusal(), WireProtocol.OpenAIChat));
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
        var anthropic = Whole(ProviderFaults.Told(fault, WireProtocol.AnthropicMessages), WireProtocol.AnthropicMessages);
        var openAI = Whole(ProviderFaults.Told(fault, WireProtocol.OpenAIChat), WireProtocol.OpenAIChat);
        AddRow(page,
            Code(ErrorWords.Of(kind)), Statuses(anthropic, openAI), anthropic.Source, AnthropicType(anthropic), OpenAIType(openAI),
            YesNo(fault.CanFailOver), YesNo(fault.CanRepeat), fault.CredentialIsDead ? "dead" : "", anthropic.RetryAfter, anthropic.ShouldRetry,
            anthropic.Error.GetProperty("remedy").GetString()!);
    }

    private static void AddOwnRow(StringBuilder page, string when, OwnError anthropic, OwnError openAI)
    {
        // How much is held at that moment is not part of the contract.
        var said = Regex.Replace(anthropic.Error.GetProperty("message").GetString()!, @"holds \d+ of", "holds N of", RegexOptions.None, TimeSpan.FromSeconds(1));
        var remedy = anthropic.Error.TryGetProperty("remedy", out var text) ? " " + text.GetString() : "";
        AddRow(page,
            when, Code(anthropic.Error.GetProperty("kind").GetString()!), Statuses(anthropic, openAI), anthropic.Source, AnthropicType(anthropic), OpenAIType(openAI),
            anthropic.RetryAfter, anthropic.ShouldRetry, said.Contains(remedy, StringComparison.Ordinal) ? said : said + remedy);
    }

    private static OwnError Whole(GatewayError error, WireProtocol client)
    {
        error = ErrorAnswer.ForClient(error, client);
        return new OwnError(
            error.Status,
            ErrorWords.Of(error.Source),
            ErrorAnswer.RetryAfterSeconds(error)?.ToString(CultureInfo.InvariantCulture) ?? "",
            error.ShouldRetry switch { null => "", true => "true", false => "false" },
            ProviderFaults.Body(error, client));
    }

    private static string Statuses(OwnError anthropic, OwnError openAI) =>
        anthropic.Status == openAI.Status ? $"{anthropic.Status}" : $"{anthropic.Status} / {openAI.Status}";

    private static string AnthropicType(OwnError error) => Code(error.Error.GetProperty("type").GetString()!);

    private static string OpenAIType(OwnError error) =>
        $"{Code(error.Error.GetProperty("type").GetString()!)}, {Code(error.Error.GetProperty("code").GetString()!)}";

    private static void AddRow(StringBuilder page, params IEnumerable<string> cells) =>
        page.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");

    private static string Code(string word) => $"`{word}`";

    private static string YesNo(bool value) => value ? "yes" : "no";
}
