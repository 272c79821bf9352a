using System.Text.Json;

namespace Sluice.Commands;

/// <summary>The checklist and the diagnosis as people read them: a verdict, what was found, and below it what to do.</summary>
internal static class DoctorText
{
    public static void Show(JsonElement answer)
    {
        foreach (var line in Output.List(answer, "lines"))
        {
            Show(line, Output.Text(line, "check"));
        }

        Output.Line("");
        Output.Line("What to do next:");
        foreach (var (step, at) in Output.List(answer, "next").Select((step, at) => (step, at + 1)))
        {
            Output.Line($"{at}. {Output.Text(step, "step")}: {Output.Text(step, "what")}");
        }
    }

    public static void ShowDiagnosis(JsonElement answer)
    {
        Output.Line($"{Output.Text(answer, "id")}  {Output.Text(answer, "state")}  status {Output.Text(answer, "status")}");
        foreach (var step in Output.List(answer, "steps"))
        {
            Show(step, Output.Text(step, "step") + (Output.Text(step, "cause") is not "-" and var cause ? $" ({cause})" : ""));
        }
    }

    private static void Show(JsonElement line, string what)
    {
        Output.Line($"{Output.Text(line, "verdict"),-4}  {what}: {Output.Text(line, "found")}");
        if (Output.Text(line, "remedy") is not "-" and var remedy)
        {
            Output.Line($"      -> {remedy}");
        }
    }
}
