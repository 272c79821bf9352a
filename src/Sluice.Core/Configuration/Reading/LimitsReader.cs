using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Configuration.Reading;

/// <summary>The sections <c>limits</c>, <c>fairness</c> and <c>queue</c>, and the <c>limits</c> of a provider.</summary>
internal sealed class LimitsReader(Findings findings)
{
    /// <summary>No client waits longer for a first sign of an answer.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>Of one provider, or of one sort of callers.</summary>
    public LimitSet Read(ConfigValue? section)
    {
        if (section is null)
        {
            return LimitSet.None;
        }

        var limits = new LimitSet
        {
            RequestsPerMinute = section.Get<long?>("rpm") ?? 0,
            InputPerMinute = section.Get<long?>("input_tpm") ?? 0,
            OutputPerMinute = section.Get<long?>("output_tpm") ?? 0,
            RequestsPerDay = section.Get<long?>("rpd") ?? 0,
            Burst = section.Get<long?>("burst") ?? 0,
            Concurrency = section.Get<long?>("concurrency") ?? 0,
        };
        if (limits.Burst > 0 && limits.RequestsPerMinute == 0)
        {
            findings.Error(section["burst"]!, "allowed: beside rpm alone, since it says how many of a minute's requests may start at once");
        }

        return limits;
    }

    /// <summary>All but the providers' own.</summary>
    public AdmissionSettings ReadAdmission(ConfigValue root)
    {
        var (limits, fairness, queue) = (root["limits"], root["fairness"], root["queue"]);
        var defaults = new AdmissionSettings();
        if (queue?.Get<TimeSpan?>("max_wait") > LongestWait)
        {
            findings.Error(queue["max_wait"]!, "allowed: at most 5m");
        }

        return new AdmissionSettings
        {
            DefaultKey = Read(limits?["default_key"]),
            Free = Read(limits?["free"]),
            Message = limits?.Get<string>("message") is { Length: > 0 } words ? words : defaults.Message,
            ShareBy = Enum.Parse<ShareBy>(fairness?.Get<string>("by") ?? "user", ignoreCase: true),
            InteractiveWeight = fairness?.Get<long?>("interactive_weight") ?? defaults.InteractiveWeight,
            MaxWait = queue?.Get<TimeSpan?>("max_wait") ?? defaults.MaxWait,
            MaxWaiting = (int)(queue?.Get<long?>("max_waiting") ?? defaults.MaxWaiting),
        };
    }
}
