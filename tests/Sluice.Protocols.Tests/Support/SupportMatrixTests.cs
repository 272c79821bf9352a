using System.Text;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Support;

/// <summary>
/// <c>docs/support-matrix.md</c>, made by sending every feature through every pair of formats. What a translation says of itself is held against what is
/// found in its bytes, so that nothing is left out in silence.
/// </summary>
public sealed class SupportMatrixTests
{
    private const string Head = """
        # Support matrix

        What becomes of a request's features between a client's format and an upstream's. Made from the code: each cell is one request that was
        translated, and what was then found in the bytes. Of text, that is: vectors, images, sound and video
        are never translated ([media.md](media.md)).

        - **carried**: the upstream gets it. Where client and upstream speak the same format, the client's bytes pass as they are.
        - **emulated**: the upstream gets it by other means. **weakened**: it gets less of it. **dropped**: it does not get it.
          The answer then carries `x-sluice-degraded` with the name that stands in the cell.
        - **lost**: it does not get it, or not as it was, and nothing says so: a known fault.
        - **refused**: 400 with the reason; nothing is sent.
        - **—**: the client's format cannot say it, or there is nothing to translate.

        Some of it hangs on the model. The columns stand for:


        """;

    public static TheoryData<WireProtocol> Clients => new(WireFormats.AllClients.Select(c => c.Protocol));

    [Fact]
    public void Page_InTheTree_IsWhatTheFormatsDo()
    {
        var page = new StringBuilder(Head);
        foreach (var upstream in UpstreamCase.All)
        {
            page.Append("- ").Append(upstream.Name).Append(": `").Append(upstream.Target.Model).Append("`\n");
        }

        var said = new List<Degradation>();
        foreach (var client in WireFormats.AllClients)
        {
            page.Append("\n## Requests of ").Append(NameOf(client.Protocol)).Append(" clients\n\n");
            AddTable(page, [.. UpstreamCase.All.Select(u => u.Name)], RequestFeatures.All.Select(feature => (feature.Name,
                UpstreamCase.All.Select(u => ClientRequests.Of(client.Protocol) is { } requests ? Passage.OfRequest(feature, client, requests, u) : null))), said);
        }

        page.Append("\n## Answers\n\nOf providers that speak another format than the client; between equal formats the bytes pass.\n\n");
        AddTable(page, [.. WireFormats.AllClients.Select(c => NameOf(c.Protocol))],
            AnswerFeatures.All.Select(row => (row.Feature.Name, WireFormats.AllClients.Select(c => (Finding?)Passage.OfAnswer(row.Feature, row.Answer, c)))), said);
        page.Append("\n## The names\n\n| `x-sluice-degraded` | why |\n|---|---|\n");
        foreach (var name in said.GroupBy(d => d.Feature).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            page.Append("| `").Append(name.Key).Append("` | ").AppendJoin("<br>", name.Select(d => d.Why).Distinct().Order(StringComparer.Ordinal)).Append(" |\n");
        }

        var difference = ApprovedPage.Difference("docs/support-matrix.md", page.ToString());
        Assert.True(difference is null, difference);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Requests_EveryFeature_IsInTheBodyOrInTheLog(WireProtocol protocol)
    {
        var client = WireFormats.Client(protocol);
        var requests = ClientRequests.Of(protocol);
        Assert.SkipWhen(requests is null, $"There are no requests for {protocol} clients here yet.");
        var faults =
            from upstream in UpstreamCase.All
            from feature in RequestFeatures.All
            let finding = Passage.OfRequest(feature, client, requests!, upstream)
            where finding?.Fault is not null
            select $"{NameOf(protocol)} → {upstream.Name}, {feature.Name} ({finding.Cell}): {finding.Fault}";
        AssertNone(faults);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public void Answers_EveryFeature_IsInTheBodyOrInTheLog(WireProtocol protocol)
    {
        var faults =
            from row in AnswerFeatures.All
            let finding = Passage.OfAnswer(row.Feature, row.Answer, WireFormats.Client(protocol))
            where finding.Fault is not null
            select $"{NameOf(protocol)}, {row.Feature.Name} ({finding.Cell}): {finding.Fault}";
        AssertNone(faults);
    }

    // A request under a name that no row has would be passed over in silence.
    [Theory]
    [MemberData(nameof(Clients))]
    public void Requests_EveryOne_HasItsRow(WireProtocol protocol) =>
        Assert.Empty((ClientRequests.Of(protocol)?.ByFeature.Keys ?? []).Except(RequestFeatures.All.Select(f => f.Name)));

    // Not Assert.Empty: it cuts the sentences.
    private static void AssertNone(IEnumerable<string> faults)
    {
        var list = string.Join('\n', faults);
        Assert.True(list.Length == 0, list);
    }

    private static void AddTable(StringBuilder page, IReadOnlyList<string> columns, IEnumerable<(string Name, IEnumerable<Finding?> Cells)> rows, List<Degradation> said)
    {
        page.Append("| feature | ").AppendJoin(" | ", columns).Append(" |\n|---|").Insert(page.Length, "---|", columns.Count).Append('\n');
        foreach (var (name, cells) in rows)
        {
            var findings = cells.ToList();
            said.AddRange(findings.SelectMany(f => f?.Said ?? []));
            page.Append("| ").Append(name).Append(" | ").AppendJoin(" | ", findings.Select(f => f?.Cell ?? "—")).Append(" |\n");
        }
    }

    private static string NameOf(WireProtocol protocol) => protocol switch
    {
        WireProtocol.AnthropicMessages => "Messages",
        WireProtocol.OpenAIChat => "Chat",
        WireProtocol.OpenAIResponses => "Responses",
        WireProtocol.OpenAICompletions => "Completions",
        _ => protocol.ToString(),
    };
}
