using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Sluice.Core.Ledger;

namespace Sluice.Server.Admin;

/// <summary><c>/report?by=user,model&amp;since=14d&amp;until=…&amp;waste=1</c>: what was spent. <c>since</c> is 30d where it is not said.</summary>
internal static class ReportApi
{
    private static readonly string[] Dimensions = [.. Enum.GetNames<ReportDimension>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];
    private static readonly string[] Parameters = ["by", "since", "until", "waste"];

    public static async Task ReportAsync(HttpContext http)
    {
        var query = Read(http.Request.Query, http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());
        var report = await http.RequestServices.GetRequiredService<ILedgerQueries>().ReportAsync(query, http.RequestAborted);
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        Write(json, query, report);
        await json.FlushAsync(http.RequestAborted);
    }

    private static ReportQuery Read(IQueryCollection parameters, DateTimeOffset now)
    {
        foreach (var (name, value) in parameters)
        {
            if (!Parameters.Contains(name, StringComparer.Ordinal))
            {
                throw new BadInputException($"'{name}' is no parameter of a report; there are {string.Join(", ", Parameters)}.");
            }

            if (value.Count > 1)
            {
                throw new BadInputException($"'{name}' stands there more than once; write several values with commas.");
            }
        }

        var since = Text(parameters["since"]) is { } from ? TimeExpression.Parse(from, now, -1, "since") : now.AddDays(-30);
        var until = Text(parameters["until"]) is { } to ? TimeExpression.Parse(to, now, -1, "until") : now;
        if (since >= until)
        {
            throw new BadInputException("'since' is not before 'until'.");
        }

        return new ReportQuery(By(Text(parameters["by"]) ?? "user"), since, until)
        {
            WasteOnly = Text(parameters["waste"]) switch
            {
                null or "0" or "false" => false,
                "1" or "true" => true,
                var other => throw new BadInputException($"'waste' is '{other}'; it is 1 or 0."),
            },
        };
    }

    private static List<ReportDimension> By(string text)
    {
        var by = new List<ReportDimension>();
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var index = Array.IndexOf(Dimensions, name);
            if (index < 0)
            {
                throw new BadInputException($"'by' has '{name}', which is no dimension; there are {string.Join(", ", Dimensions)}.");
            }

            if (by.Contains((ReportDimension)index))
            {
                throw new BadInputException($"'by' has '{name}' twice.");
            }

            by.Add((ReportDimension)index);
        }

        return by;
    }

    private static string? Text(StringValues value) => StringValues.IsNullOrEmpty(value) ? null : value.ToString();

    private static void Write(Utf8JsonWriter json, ReportQuery query, Report report)
    {
        json.WriteStartObject();
        json.WriteStartArray("by"u8);
        foreach (var dimension in query.By)
        {
            json.WriteStringValue(Dimensions[(int)dimension]);
        }

        json.WriteEndArray();
        json.WriteString("since"u8, query.Since);
        json.WriteString("until"u8, query.Until);
        json.WriteBoolean("waste"u8, query.WasteOnly);
        json.WriteStartArray("rows"u8);
        var total = new ReportRow { Keys = [] };
        foreach (var row in report.Rows)
        {
            total = Sum(total, row);
            json.WriteStartObject();
            for (var i = 0; i < query.By.Count; i++)
            {
                // A member named "key" would look like a secret; the id is what it holds.
                json.WriteString(query.By[i] == ReportDimension.Key ? "key_id" : Dimensions[(int)query.By[i]], row.Keys[i]);
            }

            Measures(json, row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("total"u8);
        Measures(json, total);
        json.WriteEndObject();
        json.WriteBoolean("truncated"u8, report.Truncated);
        json.WriteEndObject();
    }

    private static void Measures(Utf8JsonWriter json, ReportRow row)
    {
        json.WriteNumber("requests"u8, row.Requests);
        json.WriteNumber("attempts"u8, row.Attempts);
        json.WriteNumber("input_tokens"u8, row.Input);
        json.WriteNumber("cache_read_tokens"u8, row.CacheRead);
        json.WriteNumber("cache_write_5m_tokens"u8, row.CacheWrite5m);
        json.WriteNumber("cache_write_1h_tokens"u8, row.CacheWrite1h);
        json.WriteNumber("output_tokens"u8, row.Output);
        json.WriteNumber("reasoning_tokens"u8, row.Reasoning);
        json.WriteNumber("audio_input_tokens"u8, row.AudioInput);
        json.WriteNumber("audio_output_tokens"u8, row.AudioOutput);
        json.WriteNumber("web_searches"u8, row.WebSearches);
        json.WriteNumber("cost_nano_usd"u8, row.CostNanoUsd);
        json.WriteString("cost_usd"u8, Money.Usd(row.CostNanoUsd));
        json.WriteNumber("estimated"u8, row.Estimated);
        json.WriteNumber("unpriced"u8, row.Unpriced);
    }

    private static ReportRow Sum(ReportRow a, ReportRow b) => checked(new ReportRow
    {
        Keys = a.Keys,
        Requests = a.Requests + b.Requests,
        Attempts = a.Attempts + b.Attempts,
        Input = a.Input + b.Input,
        CacheRead = a.CacheRead + b.CacheRead,
        CacheWrite5m = a.CacheWrite5m + b.CacheWrite5m,
        CacheWrite1h = a.CacheWrite1h + b.CacheWrite1h,
        Output = a.Output + b.Output,
        Reasoning = a.Reasoning + b.Reasoning,
        AudioInput = a.AudioInput + b.AudioInput,
        AudioOutput = a.AudioOutput + b.AudioOutput,
        WebSearches = a.WebSearches + b.WebSearches,
        CostNanoUsd = a.CostNanoUsd + b.CostNanoUsd,
        Estimated = a.Estimated + b.Estimated,
        Unpriced = a.Unpriced + b.Unpriced,
    });
}
