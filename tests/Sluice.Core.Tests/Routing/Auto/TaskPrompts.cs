using System.Text.Json.Nodes;
using Sluice.Core.Routing.Auto;
using Sluice.Protocols;

namespace Sluice.Core.Tests.Routing.Auto;

/// <summary>Prompts of every kind with the task that a person would name; none was changed to suit the classifier.</summary>
internal static class TaskPrompts
{
    /// <summary>Made longer than a page by sentences about nothing.</summary>
    private static string Page(string text, int sentences = 120) =>
        text + "\n\n" + string.Concat(Enumerable.Range(1, sentences).Select(i => $"On day {i} the harbour was quiet and the boats stayed where they lay. "));

    public static readonly (TaskKind Task, string Prompt)[] Chats =
    [
        (TaskKind.Simple, "Classify this support ticket as billing, technical or other: 'I was charged twice in May.'"),
        (TaskKind.Simple, "Is this review positive or negative? 'The battery died after two days.'"),
        (TaskKind.Simple, "What is the capital of Australia?"),
        (TaskKind.Simple, "Hi, are you there?"),
        (TaskKind.Simple, "Give me a title for a blog post about home-made bread."),
        (TaskKind.Simple, "Answer with yes or no: is 97 a prime number?"),
        (TaskKind.Simple, "Which language is this sentence in: 'Dov'è la stazione?'"),
        (TaskKind.Simple, "Translate 'good morning, everybody' into Spanish."),
        (TaskKind.Simple, "How many metres are in a nautical mile?"),
        (TaskKind.Simple, "Tag this message with one of: urgent, normal, spam. 'You have won a prize!!!'"),
        (TaskKind.Simple, "What's a good synonym for 'rapid'?"),
        (TaskKind.Simple, "Thanks, that was helpful!"),
        (TaskKind.Simple, "Who wrote The Old Man and the Sea?"),
        (TaskKind.Simple, "Rate the politeness of this e-mail from 1 to 5, reply with only the number: 'Send it. Now.'"),
        (TaskKind.Simple, "Correct the spelling: 'definately'"),

        (TaskKind.Code, "Write a Python function that merges two sorted lists."),
        (TaskKind.Code, "Why do I get a NullReferenceException in this C# snippet?\n```csharp\nstring s = null;\nConsole.WriteLine(s.Length);\n```"),
        (TaskKind.Code, "Refactor this class so that it no longer needs a static field."),
        (TaskKind.Code, "I need a regex that matches ISO dates."),
        (TaskKind.Code, "Write a SQL query that returns the three best customers of each month."),
        (TaskKind.Code, "Add unit tests for the date parser in src/dates.ts."),
        (TaskKind.Code, "My Dockerfile builds but npm is not found at run time, how do I fix it?"),
        (TaskKind.Code, "Convert this JavaScript callback into async/await: fs.readFile(p, (e, d) => cb(d))"),
        (TaskKind.Code, "Implement a least-recently-used cache in Go."),
        (TaskKind.Code, "Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\n    import flask\nModuleNotFoundError: No module named 'flask'"),
        (TaskKind.Code, "Review this pull request for bugs: it renames `id` to `key` in the schema and in two migrations."),
        (TaskKind.Code, "Write a bash script which deletes log files older than a week."),
        (TaskKind.Code, "How do I centre a div with CSS grid?"),
        (TaskKind.Code, "The build fails with error CS0103: The name 'Foo' does not exist in the current context."),
        (TaskKind.Code, "Generate a React component with a sortable table."),

        (TaskKind.Hard, "Prove that there are infinitely many primes of the form 4k+3."),
        (TaskKind.Hard, "Think hard about this: three gods answer yes or no, one lies always, one at random. Which questions find out who is who?"),
        (TaskKind.Hard, "Design a multi-region architecture for a payment system that stays consistent when a region is cut off, and discuss the trade-offs."),
        (TaskKind.Hard, "Derive the closed form of the sum of k^2 * 2^k for k from 1 to n."),
        (TaskKind.Hard, "Our service slows down every day at noon although the load is flat. What could be the root cause, and how would you tell the hypotheses apart?"),
        (TaskKind.Hard, "Compare Raft and Paxos under partial network partitions; which invariants break first and why?"),
        (TaskKind.Hard, "Make a plan to move a ten-year-old monolith to services without a stop, with risks and the order of steps."),
        (TaskKind.Hard, "A train leaves A at 60 km/h, another one leaves B an hour later at 90 km/h. Reason step by step: where do they meet if A and B are 400 km apart?"),
        (TaskKind.Hard, "Give a counterexample to: every continuous function on an open interval is bounded, and explain why compactness matters."),
        (TaskKind.Hard, "Is it ethical to let an autonomous car choose whom to protect? Argue both sides and then take one."),
        (TaskKind.Hard, "ultrathink: why does this lock-free queue lose an element once in a million runs?"),
        (TaskKind.Hard, "What is the optimal strategy for two players who take 1 to 3 stones in turns from 50, and what changes if the last one loses?"),
        (TaskKind.Hard, "Evaluate whether we should build our own identity provider, given five engineers, SOC 2 in a year and 40 enterprise customers."),
        (TaskKind.Hard, "Find the flaw in this argument: all probabilities add up to one, so the more hypotheses there are, the less likely each of them is."),

        (TaskKind.Bulk, Page("Summarise this harbour log in five sentences.")),
        (TaskKind.Bulk, Page("Extract every date and every name from the following text as CSV.")),
        (TaskKind.Bulk, Page("Translate the following chapter into German.")),
        (TaskKind.Bulk, Page("Give me the key points of this meeting transcript.")),
        (TaskKind.Bulk, Page("Rewrite these paragraphs in plain English.")),
        (TaskKind.Bulk, Page("For each of the following reviews write one line with the product and the complaint.")),
        (TaskKind.Bulk, Page("Proofread the report below and return it corrected.")),
        (TaskKind.Bulk, Page("tl;dr?", 400)),
        (TaskKind.Bulk, Page("Here is the log of last month.", 500)),
        (TaskKind.Bulk, Page("Condense the article to a hundred words.", 60)),
        (TaskKind.Bulk, Page("List every boat that is named.", 80)),
        (TaskKind.Bulk, Page("Turn these notes into minutes with decisions and owners.")),
    ];

    public static readonly (TaskKind Task, string? Role, WireProtocol Protocol, JsonObject Body)[] Shapes =
    [
        // Claude Code: what it asks beside its work, by its role and by its words alone.
        (TaskKind.Simple, "background", WireProtocol.AnthropicMessages, TaskBodies.Chat("Fix the failing test in the parser and refactor it.")),
        (TaskKind.Simple, null, WireProtocol.OpenAIChat, TaskBodies.Chat("fix the off-by-one in the pager", "Generate a concise title of at most six words for this session. Reply with only the title.")),
        (TaskKind.Simple, null, WireProtocol.OpenAIChat, TaskBodies.Chat("ok and now the other one", "Say whether the message begins a new topic. Answer with a JSON object with isNewTopic and title.")),

        // Its work, at the first turn and deep in it.
        (TaskKind.Code, "main", WireProtocol.AnthropicMessages, TaskBodies.Agent("rename the flag to --dry-run everywhere")),
        (TaskKind.Code, "main", WireProtocol.AnthropicMessages, TaskBodies.Agent("hi", loops: 1)),
        (TaskKind.Code, "main", WireProtocol.AnthropicMessages, TaskBodies.Agent("make the build green again", loops: 20)),
        (TaskKind.Code, "subagent", WireProtocol.AnthropicMessages, TaskBodies.Agent("find where sessions are created", loops: 3)),
        (TaskKind.Hard, "main", WireProtocol.AnthropicMessages, TaskBodies.Agent("think hard about how two writers can meet in the journal")),
        (TaskKind.Hard, "main", WireProtocol.AnthropicMessages, TaskBodies.Agent("add a second cache", note: "<system-reminder>Plan mode is active. Do not edit.</system-reminder>")),
        (TaskKind.Hard, "main", WireProtocol.AnthropicMessages, TaskBodies.Agent("think harder: find the deadlock before you touch anything", loops: 2)),

        // Programs with instructions of their own.
        (TaskKind.Simple, null, WireProtocol.Gemini, TaskBodies.Gemini("My printer prints blank pages.", "Classify the user's message into hardware, software, account. Answer only with the label.")),
        (TaskKind.Code, null, WireProtocol.Gemini, TaskBodies.Gemini("and without the loop?", "You are an expert Python programmer who answers with code.")),
        (TaskKind.Bulk, null, WireProtocol.OpenAIResponses, TaskBodies.Responses(Page("Sent to you unedited."), "Summarize what the user sends.")),
        (TaskKind.Simple, null, WireProtocol.OpenAIResponses, TaskBodies.Responses("Is the sky blue?", null)),
        (TaskKind.Hard, null, WireProtocol.OpenAIResponses, TaskBodies.Responses("Prove it.", "You are a mathematician. Think step by step.")),
        (TaskKind.Code, null, WireProtocol.OpenAIChat, TaskBodies.Chat("The unit tests of the billing module fail after the merge, have a look.", null, tools: 8)),
        (TaskKind.Simple, null, WireProtocol.OpenAIChat, TaskBodies.Chat("What's the weather in Oslo tomorrow?", null, tools: 1)),
    ];
}
