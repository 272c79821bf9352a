namespace Sluice.Core.Routing.Rules;

/// <summary>A compiled expression. Asking it allocates nothing.</summary>
internal abstract class Condition
{
    public abstract bool Holds(in RuleFacts facts);
}

internal sealed class Constant(bool value) : Condition
{
    public override bool Holds(in RuleFacts facts) => value;
}

internal sealed class Both(Condition left, Condition right) : Condition
{
    public override bool Holds(in RuleFacts facts) => left.Holds(facts) && right.Holds(facts);
}

internal sealed class Either(Condition left, Condition right) : Condition
{
    public override bool Holds(in RuleFacts facts) => left.Holds(facts) || right.Holds(facts);
}

internal sealed class Not(Condition condition) : Condition
{
    public override bool Holds(in RuleFacts facts) => !condition.Holds(facts);
}

internal sealed class FlagIs(FlagField field) : Condition
{
    public override bool Holds(in RuleFacts facts) => field.Read(facts);
}

/// <summary>The text is one of some values, or matches one of some patterns; case does not matter.</summary>
internal sealed class TextIs(TextField field, IReadOnlyList<string> values, bool arePatterns) : Condition
{
    private readonly string[] _values = [.. values];
    private readonly string _argument = field.Argument ?? "";

    public override bool Holds(in RuleFacts facts) =>
        IsOneOf(field.Read(facts, _argument)) || (field.Also is { } also && IsOneOf(also(facts, _argument)));

    private bool IsOneOf(ReadOnlySpan<char> text)
    {
        foreach (var value in _values)
        {
            if (arePatterns ? Glob.Matches(value, text) : text.Equals(value, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}

internal enum Comparison
{
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

internal sealed class NumberIs(NumberField field, Comparison comparison, long bound) : Condition
{
    public override bool Holds(in RuleFacts facts) => field.Read(facts) is { } number && comparison switch
    {
        Comparison.Equal => number == bound,
        Comparison.Less => number < bound,
        Comparison.AtMost => number <= bound,
        Comparison.More => number > bound,
        _ => number >= bound,
    };
}

internal sealed class NumberIsOneOf(NumberField field, IReadOnlyList<long> values) : Condition
{
    private readonly long[] _values = [.. values];

    public override bool Holds(in RuleFacts facts) => field.Read(facts) is { } number && Array.IndexOf(_values, number) >= 0;
}

/// <summary>The time is within a span of the day, its first minute included and its last not; a span may pass midnight.</summary>
internal sealed class TimeIsWithin(NumberField field, long from, long to) : Condition
{
    public override bool Holds(in RuleFacts facts) => field.Read(facts) is { } now
        && (from <= to ? from <= now && now < to : from <= now || now < to);
}

internal sealed class InCanary(string seed, int hundredths) : Condition
{
    public override bool Holds(in RuleFacts facts) => Canary.Holds(seed, facts.Request.Origin, hundredths);
}
