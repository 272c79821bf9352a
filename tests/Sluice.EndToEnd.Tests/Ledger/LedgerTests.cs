using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.Ledger;

/// <summary>
/// The report against the providers' own books: hundreds of requests of several people, a fifth of them refused, broken, repeated or left, the
/// process killed in the middle; every sum must be what the providers' records and the configured prices say, to the nano-dollar.
/// </summary>
public sealed class LedgerTests : IAsyncLifetime
{
    private const int Jobs = 340;
    private const int Unlucky = 17;
    private const string FirstKey = "messages-key";
    private const string SecondKey = "chat-key";

    // After the fifth piece of "Simulated answer to: job-0001 alpha beta …" 35 bytes are out: 9 tokens. After the third 20 bytes: 5 tokens.
    private const int StallAfter = 5;
    private const int StallTokens = 9;
    private const int BreakAfter = 3;
    private const int BreakTokens = 5;

    // Odd on purpose: every component has to be rounded, and mixing two endpoints up would show.
    private static readonly Dictionary<string, Rates> RatesOf = new(StringComparer.Ordinal)
    {
        [FirstKey] = new(1.23457m, 6.5439m, 0.12345m, 1.54321m, 2.46913m),
        [SecondKey] = new(0.71829m, 2.81828m, 0.07183m, 0.9m, 1.1m),
    };

    private static readonly string[] Users = ["ada", "bert", "cleo", "dora"];

    private readonly TemporaryFolder _data = new();
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private SimulatorHost _first = null!;
    private SimulatorHost _second = null!;
    private string _config = "";

    [Fact]
    public async Task Report_AfterFailuresAbortsAndAKill_EqualsTheProvidersBooksToTheNanoDollar()
    {
        var jobs = Enumerable.Range(0, Jobs).Select(MakeJob).ToList();
        var killed = Enumerable.Range(Jobs, 10).Select(MakeKilledJob).ToList();
        await using (var sluice = await SluiceProcess.StartAsync(new SluiceOptions { Config = _config, DataFolder = _data.Path }))
        {
            await MakeKeysAsync(sluice);
            await RunAllAsync(sluice, jobs.Take(Jobs / 2));
            await KillAmidAsync(sluice, killed);
        }

        await using var again = await SluiceProcess.StartAsync(new SluiceOptions { Config = _config, DataFolder = _data.Path });
        await RunAllAsync(again, jobs.Skip(Jobs / 2));

        var expected = Expected([.. jobs, .. killed]);
        var actual = await ReportAsync(again, expected.Values.Sum(c => c.Attempts));

        var (books, report) = (expected.Select(Line).ToList(), actual.Select(Line).ToList());
        Assert.True(books.SequenceEqual(report), $"only in the providers' books:\n{string.Join('\n', books.Except(report))}\nonly in the report:\n{string.Join('\n', report.Except(books))}");
        AssertTheRunWasRough(expected.Values.Aggregate((a, b) => a + b));
    }

    public async ValueTask InitializeAsync()
    {
        _first = await SimulatorHost.StartAsync(new SimulatorOptions());
        _second = await SimulatorHost.StartAsync(new SimulatorOptions());

        // No circuits: what fails all the time must go on failing, so that its books can be compared.
        var config = new StringBuilder("routing: { sort: order }\nbreaker: { failures: 10000 }\nproviders:\n");
        config.AppendLine(ProviderPair.Provider("messages", "anthropic", _first.Address, FirstKey));
        config.AppendLine(ProviderPair.Provider("chat", "openai", _second.Address, SecondKey));
        config.AppendLine("models:");
        AddModel(config, "plain-messages", ("messages", "sim/echo"));
        AddModel(config, "plain-chat", ("chat", "sim/echo"));
        AddModel(config, "stalls-messages", ("messages", "stalls"));
        AddModel(config, "stalls-chat", ("chat", "stalls"));
        AddModel(config, "breaks-messages", ("messages", "breaks"));
        AddModel(config, "breaks-chat", ("chat", "breaks"));
        AddModel(config, "refuses", ("chat", "refuses"));
        Fault[] unseen = [Fault.Of(529), Fault.Of(500), Fault.Of(429), Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders), Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterStart)];
        for (var i = 0; i < Unlucky; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"unlucky-{i}");
            AddModel(config, name, i % 2 == 0 ? ("messages", name) : ("chat", name), i % 2 == 0 ? ("chat", "sim/echo") : ("messages", "sim/echo"));
            (i % 2 == 0 ? _first : _second).Script.Always(unseen[i % unseen.Length], model: name);
        }

        foreach (var provider in (SimulatorHost[])[_first, _second])
        {
            provider.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterText, StallAfter), model: "stalls");
            provider.Script.Always(Fault.Of(FaultKind.Reset, FaultPlace.AfterText, BreakAfter), model: "breaks");
            provider.Script.Always(Fault.Of(503), model: "refuses");
        }

        _config = config.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        _data.Dispose();
    }

    private static void AddModel(StringBuilder config, string id, params ReadOnlySpan<(string Provider, string Model)> endpoints)
    {
        config.AppendLine(CultureInfo.InvariantCulture, $"  - id: {id}");
        config.AppendLine("    endpoints:");
        foreach (var (provider, model) in endpoints)
        {
            config.AppendLine(CultureInfo.InvariantCulture, $"      - {{ provider: {provider}, model: {model}, price: {RatesOf[provider == "messages" ? FirstKey : SecondKey]} }}");
        }
    }

    // Of twenty jobs sixteen go well: both clients, both providers, streamed and whole, every second with cached instructions.
    private static Job MakeJob(int number)
    {
        var user = Users[number % 4];
        var project = number % 3 == 0 ? "website" : "pipeline";
        var chatClient = number / 2 % 2 == 1;
        return (number % 20) switch
        {
            16 => new Job(number, user, project, $"unlucky-{number / 20}", chatClient, Stream: number / 20 % 5 != 1, Cached: false, JobEnd.Stays),
            17 => new Job(number, user, project, "refuses", chatClient, Stream: true, Cached: false, JobEnd.Stays),
            18 => new Job(number, user, project, number / 20 % 2 == 0 ? "breaks-messages" : "breaks-chat", chatClient, Stream: true, Cached: false, JobEnd.Stays),
            19 => new Job(number, user, project, number / 20 % 2 == 0 ? "stalls-messages" : "stalls-chat", chatClient, Stream: number % 3 != 0, Cached: false, JobEnd.Leaves),
            var i => new Job(number, user, project, i / 4 % 2 == 0 ? "plain-messages" : "plain-chat", chatClient, Stream: number % 3 != 1, Cached: number % 5 < 3, JobEnd.Stays),
        };
    }

    private static Job MakeKilledJob(int number) => new(
        number, Users[number % 4], "website", number % 2 == 0 ? "stalls-messages" : "stalls-chat", ChatClient: number / 2 % 2 == 1, Stream: number % 3 != 0, Cached: false, JobEnd.Killed);

    private async Task MakeKeysAsync(SluiceProcess sluice)
    {
        foreach (var user in Users)
        {
            var created = await sluice.CommandAsync("keys", "create", "--user", user, "--project", "website", "--json");
            Assert.True(created.ExitCode == 0, created.ToString());
            using var answer = JsonDocument.Parse(created.Output);
            _keys[user] = answer.RootElement.GetProperty("key").GetString()!;
        }
    }

    private async Task RunAllAsync(SluiceProcess sluice, IEnumerable<Job> jobs)
    {
        using var client = NewClient(sluice);
        await Parallel.ForEachAsync(jobs, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (job, _) => await RunAsync(client, job));
    }

    private async Task RunAsync(HttpClient client, Job job)
    {
        if (job.End == JobEnd.Stays)
        {
            using var response = await SendAsync(client, job, CancellationToken.None);
            await response.Content.ReadAsByteArrayAsync();
            return;
        }

        using var leave = new CancellationTokenSource();
        await ReachSilenceAsync(client, job, leave);
        await RecordOfAsync(job, r => r.End == AnswerEnd.ClientGone);
    }

    /// <summary>Sends a job to a provider that falls silent, waits for the silence, and leaves.</summary>
    private async Task ReachSilenceAsync(HttpClient client, Job job, CancellationTokenSource leave)
    {
        var pending = SendAsync(client, job, leave.Token);
        if (job.Stream)
        {
            using var response = await pending;
            await using var stream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
            await ReadUntilAsync(stream, "alpha");
            await leave.CancelAsync();
            return;
        }

        await RecordOfAsync(job, r => r.BytesSent > 0);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
    }

    private async Task KillAmidAsync(SluiceProcess sluice, List<Job> jobs)
    {
        using var client = NewClient(sluice);
        var pending = jobs.Select(job => SendAsync(client, job, CancellationToken.None)).ToList();
        var streams = new List<HttpResponseMessage>();
        foreach (var (job, call) in jobs.Zip(pending))
        {
            if (job.Stream)
            {
                streams.Add(await call);
                await ReadUntilAsync(await streams[^1].Content.ReadAsStreamAsync(), "alpha");
            }
            else
            {
                await RecordOfAsync(job, r => r.BytesSent > 0);
            }
        }

        await sluice.KillAsync();
        streams.ForEach(s => s.Dispose());
        foreach (var (job, call) in jobs.Zip(pending))
        {
            if (!job.Stream)
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => call);
            }
        }
    }

    private Task<ReceivedRequest> RecordOfAsync(Job job, Func<ReceivedRequest, bool> state) =>
        (job.Model.EndsWith("chat", StringComparison.Ordinal) ? _second : _first).Record.WaitForAsync(r => r.Body is { } body && NameIn(body) == job.Name && state(r), TimeSpan.FromSeconds(30));

    private static HttpClient NewClient(SluiceProcess sluice) => new() { BaseAddress = sluice.Url, Timeout = TimeSpan.FromSeconds(60) };

    private async Task<HttpResponseMessage> SendAsync(HttpClient client, Job job, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, job.Path) { Content = new ByteArrayContent(job.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys[job.User]);
        if (job.Project != "website")
        {
            // The header wins over the key's own project.
            request.Headers.Add("x-sluice-project", job.Project);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private static async Task ReadUntilAsync(Stream stream, string word)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var read = new List<byte>();
        var buffer = new byte[1024];
        while (!Encoding.UTF8.GetString([.. read]).Contains(word, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, bound.Token);
            Assert.True(count > 0, "The stream ended before its word.");
            read.AddRange(buffer[..count]);
        }
    }

    private SortedDictionary<string, Charge> Expected(IReadOnlyList<Job> jobs)
    {
        var byName = jobs.ToDictionary(j => j.Name, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var sums = new SortedDictionary<string, Charge>(StringComparer.Ordinal);
        foreach (var request in _first.Record.Requests.Concat(_second.Record.Requests).Where(r => r.Body is { Length: > 0 }).OrderBy(r => r.ArrivedAt))
        {
            var job = byName[NameIn(request.Body!)];
            var key = Key(job.User, job.Project, job.Model);
            sums[key] = sums.GetValueOrDefault(key, Charge.Nothing) + ChargeOf(job, request, seen.Add(job.Name));
        }

        return sums;
    }

    /// <summary>The rules of docs/ledger.md.</summary>
    private static Charge ChargeOf(Job job, ReceivedRequest request, bool first)
    {
        var rates = RatesOf[request.Credential!];
        if (job.End == JobEnd.Killed)
        {
            return Charge.Of(first, rates, job.EstimatedInput, 0, 0, 0, 0, estimated: true);
        }

        if (request.Fault is null)
        {
            var usage = request.Usage!;
            return Charge.Of(first, rates, usage.Input, usage.CacheRead, usage.CacheWrite5m, usage.CacheWrite1h, usage.Output, estimated: false);
        }

        if (request.Fault.Kind == FaultKind.Status || request.Fault.Place == FaultPlace.BeforeHeaders)
        {
            return Charge.Of(first, rates, 0, 0, 0, 0, 0, estimated: false);
        }

        var emitted = request.Fault.Kind switch
        {
            _ when !job.Stream => 0,
            FaultKind.Stall => StallTokens,
            FaultKind.Reset => BreakTokens,
            _ => 0,
        };

        // Messages tells the input (and one token of output) first; Chat tells everything last, so nothing of a cut stream.
        return request.Path == "/v1/messages" && job.Stream
            ? Charge.Of(first, rates, request.Usage!.Input, request.Usage.CacheRead, request.Usage.CacheWrite5m, request.Usage.CacheWrite1h, Math.Max(1, emitted), estimated: emitted > 1)
            : Charge.Of(first, rates, job.EstimatedInput, 0, 0, 0, emitted, estimated: true);
    }

    /// <summary>Clients that left are settled after they left, so the last few rows may take a moment.</summary>
    private static async Task<SortedDictionary<string, Charge>> ReportAsync(SluiceProcess sluice, long attempts)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        for (var look = 0; ; look++)
        {
            var printed = await sluice.CommandAsync("report", "--by", "user,project,model", "--json");
            Assert.True(printed.ExitCode == 0, printed.ToString());
            using var report = JsonDocument.Parse(printed.Output);
            if (look == 20 || report.RootElement.GetProperty("total").GetProperty("attempts").GetInt64() >= attempts)
            {
                var rows = new SortedDictionary<string, Charge>(StringComparer.Ordinal);
                foreach (var row in report.RootElement.GetProperty("rows").EnumerateArray())
                {
                    long Count(string name) => row.GetProperty(name).GetInt64();
                    rows.Add(
                        Key(row.GetProperty("user").GetString()!, row.GetProperty("project").GetString()!, row.GetProperty("model").GetString()!),
                        new Charge(Count("requests"), Count("attempts"), Count("input_tokens"), Count("cache_read_tokens"), Count("cache_write_5m_tokens"), Count("cache_write_1h_tokens"), Count("output_tokens"), Count("cost_nano_usd"), Count("estimated")));
                    Assert.Equal(0, Count("unpriced"));
                }

                return rows;
            }

            await tick.WaitForNextTickAsync();
        }
    }

    // A run in which nothing went wrong would prove little.
    private void AssertTheRunWasRough(Charge total)
    {
        var records = _first.Record.Requests.Concat(_second.Record.Requests).ToList();
        Assert.Equal(Jobs + 10, total.Requests);
        Assert.True(total.Attempts > total.Requests, "nothing was tried twice");
        Assert.True(records.Count(r => r.Fault is not null) * 5 >= total.Requests, "too little went wrong");
        Assert.True(total.CacheRead > 0 && total.Write5m > 0 && total.Write1h > 0, "no cache was used: " + total);
        Assert.True(records.Any(r => r.Fault?.Kind == FaultKind.ErrorEvent), "no error inside a stream");
    }

    private static string Key(string user, string project, string model) => $"{user} {project} {model}";

    private static string Line(KeyValuePair<string, Charge> row) => $"{row.Key}: {row.Value}";

    private static string NameIn(byte[] body)
    {
        var at = body.AsSpan().LastIndexOf("job-"u8);
        return Encoding.UTF8.GetString(body, at, "job-0000".Length);
    }
}
