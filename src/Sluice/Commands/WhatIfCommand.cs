using System.CommandLine;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary><c>sluice what-if --model M [--file request.json] [--key ID]</c></summary>
internal static class WhatIfCommand
{
    public static Command Create(AdminClientOptions options)
    {
        var model = new Option<string?>("--model") { Description = "A model name as a client would send it; without it the file's own" };
        var file = new Option<string?>("--file") { Description = "A request as a client would send it, as JSON; - is standard input" };
        var key = new Option<string?>("--key") { Description = "The id of the key whose request it would be; without it any model is allowed" };
        var format = new Option<string?>("--format") { Description = "anthropic, chat, responses or gemini [by the file's members]" };
        return options.Attach(new Command("what-if", "Show whom a request would go to, why, and at what cost; nothing is sent.") { model, file, key, format }, async (context, cancellation) =>
        {
            var body = await ReadAsync(context.Parsed.GetValue(file), cancellation);
            if (body is null && context.Parsed.GetValue(model) is null)
            {
                throw new CommandFailure("Name a model with --model, or give a request with --file.", 2);
            }

            var query = string.Join('&', new[] { ("model", context.Parsed.GetValue(model)), ("key", context.Parsed.GetValue(key)), ("format", context.Parsed.GetValue(format)) }
                .Where(part => part.Item2 is not null)
                .Select(part => $"{part.Item1}={Uri.EscapeDataString(part.Item2!)}"));
            var answer = await context.Client.SendAsync(HttpMethod.Post, "/what-if?" + query, body is null ? null : json => json.WriteRawValue(body, skipInputValidation: true), cancellation);
            if (context.Json)
            {
                Output.Json(answer);
            }
            else
            {
                Show(answer);
            }

            if (Output.List(answer, "candidates").Count == 0)
            {
                throw new CommandFailure(Output.Text(answer, "refusal"));
            }
        });
    }

    private static async Task<byte[]?> ReadAsync(string? file, CancellationToken cancellation)
    {
        if (file is null)
        {
            return null;
        }

        try
        {
            if (file != "-")
            {
                return await File.ReadAllBytesAsync(file, cancellation);
            }

            using var all = new MemoryStream();
            await using var input = Console.OpenStandardInput();
            await input.CopyToAsync(all, cancellation);
            return all.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be read: {e.Message}", 2);
        }
    }

    private static void Show(JsonElement answer)
    {
        Output.Line($"{Output.Text(answer, "requested_model")} -> {Output.Text(answer, "model")}, about {Output.Count(answer, "estimated_input_tokens")} input tokens");
        PlanText.ShowHow(answer);
        PlanText.ShowLimits(answer);
        PlanText.ShowLeftOut(answer);
        PlanText.Fact("refused", Output.Text(answer, "refusal"));
        PlanText.Fact("remedy", Output.Text(answer, "remedy"));
        var candidates = Output.List(answer, "candidates");
        if (candidates.Count == 0)
        {
            return;
        }

        Output.Table(
            ["#", "provider", "model", "credential", "why", "speaks", "#input $", "#with cache $", "#output up to $", "#window", "#output limit", "timeouts"],
            candidates.Select(candidate => new[]
            {
                Output.Text(candidate, "rank"), Output.Text(candidate, "provider"), Output.Text(candidate, "model"), Output.Text(candidate, "credential"), Output.Text(candidate, "why"),
                Output.Text(candidate, "upstream_protocol"), Output.Text(candidate, "estimated_input_usd"), Output.Text(candidate, "estimated_input_usd_with_cache"),
                Output.Text(candidate, "most_output_usd"), Output.Count(candidate, "context_tokens"), Output.Count(candidate, "output_tokens"), Timeouts(PlanText.Part(candidate, "timeout_seconds")),
            }));
    }

    private static string Timeouts(JsonElement seconds) => seconds.ValueKind != JsonValueKind.Object
        ? "-"
        : $"connect {Output.Text(seconds, "connect")} s, first token {Output.Text(seconds, "first_token")} s, silence {Output.Text(seconds, "idle")} s, in all {Output.Text(seconds, "total")} s";
}
