namespace Sluice.Core.Routing.Auto;

/// <summary>What the auto router decided for one request.</summary>
/// <param name="Name">The name that stood for the choice: <c>sluice/auto</c> or <c>sluice/free</c>.</param>
/// <param name="Tier">Which list the models are of: a task's word, <c>allowed_models</c> or <c>free</c>.</param>
public sealed record AutoChoice(string Name, string Tier)
{
    /// <summary>What the request was taken for; null where that did not matter.</summary>
    public TaskVerdict? Task { get; init; }

    /// <summary>The session was served by a model already, and stays with it.</summary>
    public bool Stays { get; init; }

    /// <summary>The session's next request goes by what this one is answered by.</summary>
    public bool IsConversation { get; init; }

    /// <summary>In one sentence, for people.</summary>
    public string Sentence => Task is null ? $"{Name} stands for any model that costs nothing."
        : $"The task is {TaskKinds.WordOf(Task.Task)} ({Task.Why}); {(Stays ? $"the session stays with its model of tier {Tier}" : $"the models are those of {(Tier == "allowed_models" ? Tier : $"tier {Tier}")}")}.";

    /// <summary>The plan as the client asked for it: by the choice's name, with the tier in every reason and the chosen model as the one asked for.</summary>
    internal Plan Mark(Plan plan, IReadOnlyList<LeftOutEndpoint> leftOut)
    {
        var candidates = new Candidate[plan.Candidates.Count];
        for (var i = 0; i < candidates.Length; i++)
        {
            candidates[i] = plan.Candidates[i] with { Reason = $"auto {Tier}: {plan.Candidates[i].Reason}" };
        }

        return plan with
        {
            Auto = this,
            Candidates = candidates,
            LeftOut = leftOut.Count == 0 ? plan.LeftOut : [.. leftOut, .. plan.LeftOut],
            Model = candidates.Length > 0 ? candidates[0].Endpoint.Model : plan.Model,
        };
    }
}
