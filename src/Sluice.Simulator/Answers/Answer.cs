namespace Sluice.Simulator.Answers;

/// <summary>A generated answer before it takes a wire format's shape.</summary>
internal sealed record Answer(string Id, IReadOnlyList<AnswerBlock> Blocks, AnswerStop Stop)
{
    public AnswerUsage Usage { get; init; } = AnswerUsage.None;

    /// <summary>A signature for parts that are not thinking but have to come back signed all the same (Gemini): over <see cref="ThinkingSignature.PartText"/>.</summary>
    public string PartSignature { get; init; } = "";

    /// <summary>Sixteen hexadecimal digits that only this simulator puts beside this <see cref="Id"/>: ids that hold them are known again without being kept.</summary>
    public string Mark { get; init; } = "";
}

internal enum AnswerStop
{
    End,
    ToolCalls,
    Length,
}

internal abstract record AnswerBlock
{
    /// <summary>Thinking text as the client sees it, with the signature that must come back beside it.</summary>
    public sealed record Thinking(string Value, string Signature) : AnswerBlock;

    public sealed record Text(string Value) : AnswerBlock;

    /// <param name="Hash">Hexadecimal; the wire puts its own prefix before it.</param>
    /// <param name="Name">The tool.</param>
    /// <param name="Arguments">JSON object.</param>
    /// <param name="Tool">What the request said of it.</param>
    public sealed record ToolCall(string Hash, string Name, string Arguments, PromptTool Tool) : AnswerBlock;
}

/// <summary>Token counts. Input excludes both cache counts; reasoning is part of output.</summary>
internal sealed record AnswerUsage(int Input, int CacheRead, int CacheWrite5m, int CacheWrite1h, int Output, int Reasoning)
{
    public static readonly AnswerUsage None = new(0, 0, 0, 0, 0, 0);

    public int CacheWrite => CacheWrite5m + CacheWrite1h;

    public int Prompt => Input + CacheRead + CacheWrite;
}

/// <summary>How usage is written: truthfully, or as one of the usage faults.</summary>
internal enum UsageShape
{
    True,
    Negative,
    Missing,
    Huge,
    Text,
}
