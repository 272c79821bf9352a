using System.Globalization;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Auto;

/// <summary>
/// Tells the task of a request without asking a model: what the request is made of (tools, lengths, limits) and the words in it give points to the
/// four tasks, and the most points win. The same request gives the same task anywhere, at any time. <c>docs/auto.md</c> says the same in words.
/// </summary>
internal static class TaskClassifier
{
    // An agent declares its files, its shell and its search; a chat with one or two look-ups is none.
    private const int AgentTools = 4;

    // Bytes of the user's words. A page is about 3,000.
    private const int ShortText = 600;
    private const int LongText = 4_000;
    private const int VeryLongText = 24_000;

    // What a word for bulk counts in a text that is short after all: to translate a sentence is no bulk.
    private const int BulkInShortText = 2;

    // From so many points on a request that thinks is not for a coder, whatever tools it has.
    private const int SurelyHard = 7;

    private const int MostShown = 3;

    /// <summary>Classifies one request. Allocates the verdict alone.</summary>
    /// <param name="envelope">The scan of <paramref name="body"/>.</param>
    /// <param name="body">The client's whole body.</param>
    /// <param name="role">What the call is for inside its agent, where that is known.</param>
    public static TaskVerdict Classify(Envelope envelope, ReadOnlySpan<byte> body, string? role)
    {
        Span<char> user = stackalloc char[4_096];
        Span<char> instructions = stackalloc char[1_500];
        var words = PromptWords.Find(envelope, body, user, instructions);
        Span<bool> found = stackalloc bool[TaskCues.All.Length];
        TaskCues.Find(user[..words.User], found);
        var isAgent = envelope.ToolCount >= AgentTools;
        if (!isAgent)
        {
            // An agent's instructions speak of everything that it might do, not of what it is asked.
            TaskCues.Find(instructions[..words.Instructions], found);
        }

        var points = new Points(found, words.UserBytes);
        if (words.IsPlanning)
        {
            return new TaskVerdict(TaskKind.Hard, "the client is in its planning mode");
        }

        if (points.Hard >= SurelyHard)
        {
            return Verdict(TaskKind.Hard, null, found);
        }

        if (role == "background")
        {
            return new TaskVerdict(TaskKind.Simple, "a background call of its client");
        }

        if (isAgent)
        {
            return Verdict(TaskKind.Code, string.Create(CultureInfo.InvariantCulture, $"{envelope.ToolCount} tools"), found);
        }

        points.AddForm(envelope, words.UserBytes);
        var (task, form) = points.Best();
        return Verdict(task, form, found);
    }

    private static TaskVerdict Verdict(TaskKind task, string? form, ReadOnlySpan<bool> found)
    {
        var why = form;
        var shown = 0;
        for (var i = 0; i < found.Length && shown < MostShown; i++)
        {
            if (found[i] && TaskCues.All[i].Task == task)
            {
                why = why is null ? $"\"{TaskCues.All[i].Stem}\"" : $"{why}, \"{TaskCues.All[i].Stem}\"";
                shown++;
            }
        }

        return new TaskVerdict(task, why ?? "nothing tells");
    }

    private ref struct Points
    {
        private int _simple;
        private int _bulk;
        private int _code;
        private string? _simpleForm;
        private string? _bulkForm;
        private string? _codeForm;

        public Points(ReadOnlySpan<bool> found, int userBytes)
        {
            for (var i = 0; i < found.Length; i++)
            {
                if (!found[i])
                {
                    continue;
                }

                var cue = TaskCues.All[i];
                switch (cue.Task)
                {
                    case TaskKind.Simple:
                        _simple += cue.Weight;
                        break;
                    case TaskKind.Bulk:
                        _bulk += userBytes < ShortText ? Math.Min(cue.Weight, BulkInShortText) : cue.Weight;
                        break;
                    case TaskKind.Code:
                        _code += cue.Weight;
                        break;
                    default:
                        Hard += cue.Weight;
                        break;
                }
            }
        }

        public int Hard { get; private set; }

        /// <summary>Points for what the request is made of.</summary>
        public void AddForm(Envelope envelope, int userBytes)
        {
            if (envelope.ToolCount > 0)
            {
                (_code, _codeForm) = (_code + 2, "it has tools");
            }

            if (envelope.MaxOutputTokens is > 0 and <= 64)
            {
                (_simple, _simpleForm) = (_simple + 4, "a few tokens are asked for");
            }

            if (userBytes < ShortText)
            {
                (_simple, _simpleForm) = (_simple + 2, _simpleForm ?? "a short prompt");
            }
            else if (userBytes >= LongText)
            {
                (_bulk, _bulkForm) = (_bulk + (userBytes >= VeryLongText ? 6 : 3), "a long prompt");
            }
            else
            {
                // Neither short nor long, and perhaps nothing else to go by: the middle.
                (_code, _codeForm) = (_code + 1, _codeForm ?? "a prompt of middle length");
            }
        }

        /// <summary>The task with the most points; of equals the one that asks more of a model.</summary>
        public readonly (TaskKind Task, string? Form) Best()
        {
            var best = Math.Max(Math.Max(_simple, _bulk), Math.Max(_code, Hard));
            return best == Hard ? (TaskKind.Hard, null)
                : best == _code ? (TaskKind.Code, _codeForm)
                : best == _bulk ? (TaskKind.Bulk, _bulkForm)
                : (TaskKind.Simple, _simpleForm);
        }
    }
}
