using Sluice.Core.Configuration.Reading;

namespace Sluice.Core.Routing.Rules;

/// <summary>One thing that is wrong in an expression.</summary>
/// <param name="Column">In the expression, from 1.</param>
/// <param name="Found">What stands there.</param>
/// <param name="Message">What is allowed, as the end of a sentence.</param>
internal sealed record ExpressionError(int Column, string Found, string Message);

/// <summary>
/// Compiles an expression. Names and types are checked as they are read, so that all such errors come at once; the first error of grammar ends
/// the reading, since what follows it can only be guessed.
/// <code>
/// either  = both { ("or" | "||") both }
/// both    = not { ("and" | "&amp;&amp;") not }
/// not     = ("not" | "!") not | "(" either ")" | "true" | "false" | "canary" "(" number ["%"] ")" | compare
/// compare = field [ ("==" | "!=" | "&lt;" | "&lt;=" | "&gt;" | "&gt;=") value | ["not"] "in" (list | time ".." time) | ["not"] ("matches" | "=~") (text | list) ]
/// field   = name [ "(" text ")" ]
/// list    = "[" value { "," value } "]"
/// </code>
/// </summary>
internal sealed class RuleExpression
{
    private const int MostLetters = 4_096;
    private const int DeepestNesting = 32;
    private const int MostValues = 256;

    private static readonly Condition Never = new Constant(false);
    private static readonly string[] Comparisons = ["==", "!=", "<=", ">=", "<", ">"];
    private static readonly string[] Operators = [.. Comparisons, "in", "not in", "matches", "=~"];

    private readonly string _seed;
    private readonly List<RuleToken> _tokens;
    private readonly List<ExpressionError> _errors = [];
    private int _at;
    private int _depth;
    private CostlyFacts _reads;

    private RuleExpression(string text, string seed)
    {
        _seed = seed;
        _tokens = RuleTokens.Cut(text);
    }

    private RuleToken Now => _tokens[_at];

    /// <summary>Compiles, or says all that is wrong.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="seed">What canaries are told apart by: the rule's name.</param>
    /// <param name="reads">What must be worked out before it can be asked.</param>
    /// <param name="errors">In the expression's order; empty when it compiled.</param>
    public static Condition? Compile(string text, string seed, out CostlyFacts reads, out IReadOnlyList<ExpressionError> errors)
    {
        reads = CostlyFacts.None;
        if (text.Length > MostLetters)
        {
            errors = [new ExpressionError(MostLetters + 1, $"an expression of {text.Length} characters", $"allowed: at most {MostLetters}")];
            return null;
        }

        var expression = new RuleExpression(text, seed);
        var condition = expression.ReadAll();
        reads = expression._reads;
        errors = expression._errors;
        return expression._errors.Count == 0 ? condition : null;
    }

    private Condition ReadAll()
    {
        try
        {
            var condition = ReadEither();
            if (Now.Kind != TokenKind.End)
            {
                throw Grammar(Now.Kind == TokenKind.Sign && Now.Text == ")" ? "it closes nothing" : "allowed here: and, or, or the end");
            }

            return condition;
        }
        catch (GrammarException)
        {
            return Never;
        }
    }

    private Condition ReadEither()
    {
        var left = ReadBoth();
        while (TakeWord("or") || TakeSign("||"))
        {
            left = new Either(left, ReadBoth());
        }

        return left;
    }

    private Condition ReadBoth()
    {
        var left = ReadNot();
        while (TakeWord("and") || TakeSign("&&"))
        {
            left = new Both(left, ReadNot());
        }

        return left;
    }

    private Condition ReadNot()
    {
        if (++_depth > DeepestNesting)
        {
            throw Grammar($"allowed: at most {DeepestNesting} levels of brackets and not");
        }

        try
        {
            if (TakeWord("not") || TakeSign("!"))
            {
                return new Not(ReadNot());
            }

            if (TakeSign("("))
            {
                var inner = ReadEither();
                Expect(")");
                return inner;
            }

            if (TakeWord("true") || TakeWord("false"))
            {
                return new Constant(IsWord(_tokens[_at - 1], "true"));
            }

            return TakeWord("canary") ? ReadCanary() : ReadComparison();
        }
        finally
        {
            _depth--;
        }
    }

    private InCanary ReadCanary()
    {
        Expect("(");
        var share = Now;
        if (share.Kind != TokenKind.Number)
        {
            throw Grammar("allowed: a percentage, as in canary(10)");
        }

        _at++;
        TakeSign("%");
        if (share.Number > 100 || share.Number * 100 != decimal.Truncate(share.Number * 100))
        {
            Wrong(share, "allowed: a percentage from 0 to 100, in steps of 0.01");
        }

        Expect(")");
        return new InCanary(_seed, (int)Math.Min(Canary.Whole, share.Number * 100));
    }

    private Condition ReadComparison()
    {
        var name = Now;
        var field = ReadField();
        var at = Now;
        if (at.Kind == TokenKind.Sign && Array.IndexOf(Comparisons, at.Text) >= 0)
        {
            _at++;
            return Compared(field, at, ReadValue());
        }

        var negated = IsWord(at, "not") && IsWord(_tokens[_at + 1], "in", "matches");
        _at += negated ? 1 : 0;
        Condition condition;
        if (TakeWord("in"))
        {
            condition = ReadIn(field);
        }
        else if (TakeWord("matches") || TakeSign("=~"))
        {
            condition = ReadMatches(field);
        }
        else if (IsBareEnd(at))
        {
            return Bare(field, name);
        }
        else
        {
            throw Grammar(at.Text == "=" ? "did you mean ==?" : $"allowed here: {string.Join(", ", Operators)}{(field is FlagField or null ? ", and, or, or the end" : "")}");
        }

        return negated ? new Not(condition) : condition;
    }

    private Condition Bare(RuleField? field, RuleToken name)
    {
        switch (field)
        {
            case FlagField flag:
                return new FlagIs(flag);
            case null:
                break;
            default:
                Wrong(name, $"it is no condition by itself; compare it, as in {Example(field)}");
                break;
        }

        return Never;
    }

    private bool IsBareEnd(RuleToken token) =>
        token.Kind == TokenKind.End || IsWord(token, "and", "or") || (token.Kind == TokenKind.Sign && token.Text is "&&" or "||" or ")");

    /// <summary>Null for a field that there is not; the error is noted.</summary>
    private RuleField? ReadField()
    {
        var name = Now;
        if (name.Kind != TokenKind.Word)
        {
            throw Grammar(name.Kind is TokenKind.Text or TokenKind.Number or TokenKind.Time
                ? "the field comes first, as in client == \"codex\""
                : $"allowed here: {AllFields()}, canary(…), not, (");
        }

        _at++;
        RuleFields.ByName.TryGetValue(name.Text, out var field);
        if (field is null)
        {
            var close = Spelling.Closest(name.Text, [.. RuleFields.ByName.Keys, "canary"]);
            Wrong(name, $"there is no such field{(close is null ? "" : $"; did you mean {close}?")} allowed: {AllFields()}, canary(…)");
        }

        var takesArgument = field is TextField && field.Name.Contains('(', StringComparison.Ordinal);
        if (takesArgument || (field is null && Now.Kind == TokenKind.Sign && Now.Text == "("))
        {
            Expect("(");
            var argument = Now;
            if (argument.Kind is not (TokenKind.Text or TokenKind.Number or TokenKind.Word) || (takesArgument && argument.Kind != TokenKind.Text))
            {
                throw Grammar("allowed: a text in quotes, as in tag(\"env\")");
            }

            _at++;
            Expect(")");
            return takesArgument ? (TextField)field! with { Argument = argument.Text } : field;
        }

        _reads |= field?.Name switch
        {
            "model" => CostlyFacts.CanonicalModel,
            "task" => CostlyFacts.Task,
            _ => CostlyFacts.None,
        };
        return field;
    }

    private RuleToken ReadValue()
    {
        var value = Now;
        if (value.Kind is not (TokenKind.Text or TokenKind.Number or TokenKind.Time) && !IsWord(value, "true", "false"))
        {
            throw Grammar(value.Kind == TokenKind.Word ? $"a text stands in quotes: \"{value.Text}\"" : "allowed here: a text in quotes, a number, a time, true or false");
        }

        _at++;
        return value;
    }

    private Condition Compared(RuleField? field, RuleToken sign, RuleToken value)
    {
        if (!Fits(field, value))
        {
            return Never;
        }

        var isEquality = sign.Text is "==" or "!=";
        if (!isEquality && field is not NumberField)
        {
            Wrong(sign, $"{field!.Name} is {Kind(field)}; allowed: == and !=");
            return Never;
        }

        Condition condition = field switch
        {
            TextField text => new TextIs(text, [value.Text], arePatterns: false),
            FlagField flag => IsWord(value, "true") ? new FlagIs(flag) : new Not(new FlagIs(flag)),
            _ => new NumberIs((NumberField)field!, sign.Text switch
            {
                "<" => Comparison.Less,
                "<=" => Comparison.AtMost,
                ">" => Comparison.More,
                ">=" => Comparison.AtLeast,
                _ => Comparison.Equal,
            }, (long)value.Number),
        };
        return sign.Text == "!=" ? new Not(condition) : condition;
    }

    private Condition ReadIn(RuleField? field)
    {
        if (Now.Kind == TokenKind.Time)
        {
            var from = ReadValue();
            Expect("..");
            var to = ReadValue();
            var fits = Fits(field, from);
            return Fits(field, to) && fits ? new TimeIsWithin((NumberField)field!, (long)from.Number, (long)to.Number) : Never;
        }

        var values = ReadList(field);
        return field switch
        {
            TextField text => new TextIs(text, [.. values.Select(value => value.Text)], arePatterns: false),
            NumberField number => new NumberIsOneOf(number, [.. values.Select(value => (long)value.Number)]),
            FlagField flag => values.Exists(value => IsWord(value, "true"))
                ? values.Exists(value => IsWord(value, "false")) ? new Constant(true) : new FlagIs(flag)
                : new Not(new FlagIs(flag)),
            _ => Never,
        };
    }

    private Condition ReadMatches(RuleField? field)
    {
        var at = Now;
        var patterns = at.Kind == TokenKind.Text ? [ReadValue()] : ReadList(null);
        foreach (var pattern in patterns)
        {
            if (pattern.Kind != TokenKind.Text)
            {
                Wrong(pattern, "allowed: a pattern in quotes, such as \"claude-*\"");
            }
        }

        if (field is not (TextField or null))
        {
            Wrong(at, $"{field.Name} is {Kind(field)}; only a text has patterns");
        }

        return field is TextField text ? new TextIs(text, [.. patterns.Select(pattern => pattern.Text)], arePatterns: true) : Never;
    }

    private List<RuleToken> ReadList(RuleField? field)
    {
        var values = new List<RuleToken>();
        Expect("[");
        do
        {
            if (values.Count >= MostValues)
            {
                throw Grammar($"allowed: at most {MostValues} values in a list");
            }

            var value = ReadValue();
            values.Add(value);
            Fits(field, value);
        }
        while (TakeSign(","));
        Expect("]");
        return values;
    }

    /// <summary>Whether the value is of the field's type and can occur; notes the error if not.</summary>
    private bool Fits(RuleField? field, RuleToken value)
    {
        switch (field)
        {
            case null:
                return false;
            case TextField { Words: { } words } when value.Kind == TokenKind.Text && !words.Contains(value.Text, StringComparer.OrdinalIgnoreCase):
                var close = Spelling.Closest(value.Text, words.Where(word => word.Length > 0));
                Wrong(value, $"{field.Name} never is that; {(close is null ? "" : $"did you mean \"{close}\"? ")}allowed: {string.Join(", ", words.Select(word => $"\"{word}\""))}");
                return false;
            case TextField when value.Kind == TokenKind.Text:
            case FlagField when value.Kind == TokenKind.Word:
            case NumberField { IsTime: true } when value.Kind == TokenKind.Time:
                return true;
            case NumberField { IsTime: false } when value.Kind == TokenKind.Number && value.Number == decimal.Truncate(value.Number):
                return true;
            default:
                Wrong(value, $"{field.Name} is {Kind(field)}; write for example {Example(field)}");
                return false;
        }
    }

    private static string Kind(RuleField field) => field switch
    {
        TextField => "a text",
        FlagField => "true or false",
        NumberField { IsTime: true } => "a time of the day",
        _ => "a whole number",
    };

    private static string Example(RuleField field) => field switch
    {
        TextField { Words: [var word, ..] } => $"{field.Name} == \"{word}\"",
        TextField { Argument: { } argument } => $"tag(\"{argument}\") == \"…\"",
        TextField => $"{field.Name} == \"…\"",
        FlagField => $"{field.Name} == true",
        NumberField { IsTime: true } => $"{field.Name} in 08:00..18:00",
        _ => $"{field.Name} >= 10",
    };

    private static string AllFields() => string.Join(", ", RuleFields.All.Select(field => field.Name));

    private static bool IsWord(RuleToken token, string word) => token.Kind == TokenKind.Word && token.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private static bool IsWord(RuleToken token, string one, string other) => IsWord(token, one) || IsWord(token, other);

    private bool TakeWord(string word)
    {
        var found = IsWord(Now, word);
        _at += found ? 1 : 0;
        return found;
    }

    private bool TakeSign(string sign)
    {
        var found = Now.Kind == TokenKind.Sign && Now.Text == sign;
        _at += found ? 1 : 0;
        return found;
    }

    private void Expect(string sign)
    {
        if (!TakeSign(sign))
        {
            throw Grammar($"allowed here: {sign}");
        }
    }

    private void Wrong(RuleToken at, string message) => _errors.Add(new ExpressionError(at.Column, at.Shown, message));

    private GrammarException Grammar(string message)
    {
        Wrong(Now, Now.Kind == TokenKind.Wrong ? Now.Text : message);
        return new GrammarException();
    }

    /// <summary>Ends the reading of one expression at its first error of grammar; never leaves this class.</summary>
    private sealed class GrammarException : Exception;
}
