namespace Sluice.Core.Routing.Auto;

/// <summary>Words that speak for a task, and how loudly.</summary>
/// <param name="Stem">In small letters.</param>
/// <param name="IsOpen">Further letters may follow: <c>summari*</c>.</param>
/// <param name="Task">What it speaks for.</param>
/// <param name="Weight">Points: 1 is a hint, 4 alone decides a short question.</param>
internal sealed record TaskCue(string Stem, bool IsOpen, TaskKind Task, int Weight);

/// <summary>All such words. English, as the instructions of agents are; a prompt in another language is told by its form alone.</summary>
internal static class TaskCues
{
    private static readonly (TaskKind Task, int Weight, string Stems)[] Written =
    [
        (TaskKind.Simple, 5, "classif*|categori*|sentiment|yes or no|true or false|positive or negative|spam"),
        (TaskKind.Simple, 4, "one word|single word|which category|which label|detect the language|what language|short title|concise title|a title|new topic|intent of"),
        (TaskKind.Simple, 3, "label|labels|answer only|answer with only|reply with only|respond with only|just the number|multiple choice|what is the capital|commit message"),
        (TaskKind.Simple, 2, "topic|urgent|urgency|who wrote|what year|how many|spell|synonym|hello|hi|thanks|thank you|category"),
        (TaskKind.Simple, 1, "priority|rate|tag|name|when was|define"),

        (TaskKind.Bulk, 4, "summari*|tl;dr|extract*|translat*|condense|transcribe|transcript|key points"),
        (TaskKind.Bulk, 3, "summary|paraphras*|proofread|for each of|each of the following|all of the following|meeting notes|minutes of|bullet points|anonymi*"),
        (TaskKind.Bulk, 2, "rewrite|reformat|csv|rows|entries|records|reviews|transcripts|list all|list every|articles|emails|paragraphs"),
        (TaskKind.Bulk, 1, "convert|document|report|article|chapter|pages"),

        (TaskKind.Code, 4, "refactor*|unit test*|stack trace|traceback|segfault|null reference|nullreference*|pull request|```|compiler error|compile error|type error|typeerror|off-by-one"),
        (TaskKind.Code, 3, "implement*|bug|bugs|regex|sql|python|javascript|typescript|golang|c#|c++|rust|kotlin|compil*|npm|pytest|dockerfile|linter|codebase|repository|failing test*|syntax error"),
        (TaskKind.Code, 2, "code|function|functions|method|fix|repo|git|script|debug*|docker|kubernetes|terraform|html|css|react|exception|java|bash|makefile|variable|parser|tests|import|async|endpoint|postgres*|migration|webhook|stdin|cli"),
        (TaskKind.Code, 1, "class|api|json|yaml|query|loop|array|string|error|merge|rename|null|schema|file|server|table"),

        (TaskKind.Hard, 10, "ultrathink|think harder|think very hard|think really hard"),
        (TaskKind.Hard, 8, "think hard|think deeply|think carefully|reason carefully|megathink|think step by step"),
        (TaskKind.Hard, 5, "prove|proof|theorem|lemma|counterexample|derive|root cause|trade-off*|tradeoff*|formal verification|game theory|nash equilibrium|post-mortem"),
        (TaskKind.Hard, 4, "architecture|make a plan|plan the|step-by-step plan|implementation plan|migration plan|design a|deadlock*|race condition*|consensus|linearizab*|worst case|worst-case|optimal*|step by step|invariant*|pros and cons|feasib*"),
        (TaskKind.Hard, 3, "strategy|complexity|why does|why do|constraints|probability|hypothes*|evaluate|critique|analy*|logic puzzle|riddle|argue|ethical|legal|threat model|differential equation|integral|eigenvalue*|expected value|what would happen"),
        (TaskKind.Hard, 2, "compare|justify|assumptions|reason*|consequences|risks|scenario*|long-term|explain why|puzzle|induction|plan"),
    ];

    private static readonly TaskCue[] List = [.. Written.SelectMany(row => row.Stems.Split('|').Select(stem => new TaskCue(stem.TrimEnd('*'), stem.EndsWith('*'), row.Task, row.Weight)))];

    // Places of the cues that begin with an ASCII letter.
    private static readonly int[][] ByFirst = [.. Enumerable.Range(0, 128).Select(letter => List.Select((cue, at) => (cue, at)).Where(pair => pair.cue.Stem[0] == letter).Select(pair => pair.at).ToArray())];

    /// <summary>All of them.</summary>
    public static ReadOnlySpan<TaskCue> All => List;

    /// <summary>Marks the cues that stand in a text as whole words.</summary>
    /// <param name="text">In small letters.</param>
    /// <param name="found">One flag for each of <see cref="All"/>.</param>
    public static void Find(ReadOnlySpan<char> text, Span<bool> found)
    {
        var before = ' ';
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (letter < ByFirst.Length && !(char.IsAsciiLetterOrDigit(before) && char.IsAsciiLetterOrDigit(letter)))
            {
                foreach (var at in ByFirst[letter])
                {
                    found[at] |= Stands(List[at], text[i..]);
                }
            }

            before = letter;
        }
    }

    private static bool Stands(TaskCue cue, ReadOnlySpan<char> text) =>
        text.StartsWith(cue.Stem)
        && (cue.IsOpen || text.Length == cue.Stem.Length || !char.IsAsciiLetterOrDigit(text[cue.Stem.Length]) || !char.IsAsciiLetterOrDigit(cue.Stem[^1]));
}
