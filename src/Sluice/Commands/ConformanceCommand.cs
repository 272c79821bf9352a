using System.CommandLine;
using System.Text.Json;
using Sluice.Commands.Conformance;
using Sluice.Commands.Talking;

namespace Sluice.Commands;

/// <summary><c>sluice conformance PROVIDER</c></summary>
internal static class ConformanceCommand
{
    // A model may think for long; a provider that never answers is ended by Sluice's own timeouts before this.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Command Create(AdminClientOptions options)
    {
        var provider = new Argument<string>("PROVIDER") { Description = "The provider's name in the configuration" };
        var model = new Option<string?>("--model") { Description = "The provider's own name of a model [the first that it serves]" };
        var format = new Option<string>("--client") { Description = "The format to speak to Sluice: anthropic, chat, responses or gemini [anthropic]", DefaultValueFactory = _ => "anthropic" };
        var key = new Option<string?>("--key") { Description = "A client key [SLUICE_API_KEY; one is made for the run and revoked at its end]" };
        var only = new Option<string?>("--only") { Description = "Features to try, with commas: " + string.Join(", ", Conversations.All.Select(c => c.Feature)) };
        var size = new Option<int>("--context-tokens") { Description = "About how many tokens the long prompt has [20000]", DefaultValueFactory = _ => 20_000 };
        var command = new Command("conformance", "Hold built-in conversations with one provider through Sluice, and say which features work. Costs what they cost.") { provider, model, format, key, only, size };
        return options.Attach(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            if (Talk.Formats.FirstOrDefault(known => known.Name == parsed.GetRequiredValue(format))?.Protocol is not { } client)
            {
                throw new CommandFailure($"--client is '{parsed.GetValue(format)}'; it can be {string.Join(", ", Talk.Formats.Select(known => known.Name))}.", 2);
            }

            var features = Features(parsed.GetValue(only));
            var tokens = parsed.GetValue(size);
            if (tokens is < 100 or > 2_000_000)
            {
                throw new CommandFailure($"--context-tokens is {tokens}; it can be 100 to 2000000.", 2);
            }

            var name = parsed.GetRequiredValue(provider);
            var upstreamModel = parsed.GetValue(model) ?? await FirstModelAsync(context.Client, name, cancellation);
            var ledger = new LedgerView(context.Client, TimeProvider.System);
            await using var access = await AccessAsync(context, parsed.GetValue(key), cancellation);
            using var http = AdminClient.NewHttp(context.Client.Url, Patience);
            var run = new ConformanceRun(http, access.Key, client, $"{name}/{upstreamModel}", ledger, tokens, "conformance-" + Guid.NewGuid().ToString("N"));
            var results = await run.RunAsync(features, cancellation);
            var cost = ConformanceRun.Usd(await ledger.CostAsync(results.SelectMany(result => result.Requests), cancellation));
            Print(context, new ConformanceAnswer(name, upstreamModel, parsed.GetRequiredValue(format), results, cost));
            var failed = results.Count(result => result.Outcome == "failed");
            if (failed > 0)
            {
                throw new CommandFailure($"{failed} of {results.Count} features failed. 'sluice explain ID' shows what happened to a request; --json prints the ids.");
            }
        });
    }

    private static List<string> Features(string? only)
    {
        var features = (only ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToList();
        return features.Find(feature => !Conversations.All.Any(known => known.Feature == feature)) is { } unknown
            ? throw new CommandFailure($"--only names '{unknown}'; there are {string.Join(", ", Conversations.All.Select(c => c.Feature))}.", 2)
            : features;
    }

    private static async Task<string> FirstModelAsync(AdminClient client, string provider, CancellationToken cancellation)
    {
        var known = Output.List(await client.GetAsync("/status", cancellation), "providers");
        if (!known.Any(entry => Output.Text(entry, "name") == provider))
        {
            throw new CommandFailure($"There is no provider '{provider}'; there are {string.Join(", ", known.Select(entry => Output.Text(entry, "name")))}.", 2);
        }

        if (known.Any(entry => Output.Text(entry, "name") == provider && Output.Text(entry, "kind") == "simulator"))
        {
            // The one of its models that thinks, calls tools and answers.
            return "think";
        }

        var endpoints = Output.List(await client.GetAsync("/models", cancellation), "models").SelectMany(entry => Output.List(entry, "endpoints"));
        foreach (var endpoint in endpoints.Where(endpoint => Output.Text(endpoint, "provider") == provider))
        {
            return Output.Text(endpoint, "model");
        }

        throw new CommandFailure($"No model of '{provider}' is listed here. Name one with --model.", 2);
    }

    private static async Task<Access> AccessAsync(CommandContext context, string? key, CancellationToken cancellation)
    {
        key ??= ProcessSources.Environment().GetValueOrDefault("SLUICE_API_KEY");
        if (!string.IsNullOrWhiteSpace(key))
        {
            return new Access(key.Trim(), null, context.Client);
        }

        var made = await context.Client.SendAsync(
            HttpMethod.Post,
            "/keys",
            json =>
            {
                json.WriteStartObject();
                json.WriteString("user"u8, "conformance"u8);
                json.WriteString("name"u8, "sluice conformance"u8);
                json.WriteString("expires"u8, "1d"u8);
                json.WriteEndObject();
            },
            cancellation);
        return new Access(Output.Text(made, "key"), Output.Text(made, "id"), context.Client);
    }

    private static void Print(CommandContext context, ConformanceAnswer answer)
    {
        if (context.Json)
        {
            Output.Json(JsonSerializer.SerializeToElement(answer, CommandJson.Default.ConformanceAnswer));
            return;
        }

        Output.Line($"{answer.Provider}/{answer.Model} for {answer.Client} clients");
        Output.Table(["feature", "outcome", "why"], answer.Features.Select(result => new[] { result.Feature, result.Outcome, result.Reason }));
        Output.Line($"cost: {(answer.CostUsd is { } usd ? usd + " $" : "not known")}");
    }

    /// <summary>The key of the run; one that was made for it is revoked whatever happened.</summary>
    private sealed record Access(string Key, string? MadeId, AdminClient Client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (MadeId is not null)
            {
                // Also where the run was cancelled.
                await Client.SendAsync(HttpMethod.Delete, "/keys/" + Uri.EscapeDataString(MadeId), null, CancellationToken.None);
            }
        }
    }
}
