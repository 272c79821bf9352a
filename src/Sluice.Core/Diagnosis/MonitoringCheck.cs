namespace Sluice.Core.Diagnosis;

/// <summary>Does anybody hear of it when something goes wrong?</summary>
internal static class MonitoringCheck
{
    private const string Check = "monitoring";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        var telemetry = facts.Configuration.Telemetry;
        yield return (telemetry.Prometheus, facts.CanServeMetrics) switch
        {
            (true, true) => new(Check, Verdict.Ok, "GET /metrics is served for Prometheus."),
            (true, false) => new(Check, Verdict.Warn, "This version does not serve /metrics yet, and nothing else reports to a monitor.", "Watch GET /readyz and GET /status until it does."),
            _ => new(Check, Verdict.Warn, "Metrics are turned off (telemetry.prometheus is false).", "Set telemetry.prometheus to true and scrape GET /metrics."),
        };
    }
}
