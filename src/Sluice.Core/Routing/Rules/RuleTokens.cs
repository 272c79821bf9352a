using System.Globalization;
using System.Text;

namespace Sluice.Core.Routing.Rules;

internal enum TokenKind
{
    End,
    Word,
    Text,
    Number,
    Time,

    /// <summary>An operator or a bracket.</summary>
    Sign,

    /// <summary>What is no token.</summary>
    Wrong,
}

/// <summary>One token of an expression.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">A text's value, a word or sign as written; for <see cref="TokenKind.Wrong"/> what is wrong.</param>
/// <param name="Number">A number's value, or minutes of the day.</param>
/// <param name="Column">Of its first character, from 1.</param>
/// <param name="Shown">As written, for messages.</param>
internal readonly record struct RuleToken(TokenKind Kind, string Text, decimal Number, int Column, string Shown);

/// <summary>Cuts an expression into tokens; ends with <see cref="TokenKind.End"/>, or with the first <see cref="TokenKind.Wrong"/>.</summary>
internal static class RuleTokens
{
    private static readonly string[] Signs = ["==", "!=", "<=", ">=", "=~", "&&", "||", "..", "<", ">", "!", "(", ")", "[", "]", ",", "%", "="];

    public static List<RuleToken> Cut(string text)
    {
        var tokens = new List<RuleToken>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            var token = Next(text, at, out var length);
            tokens.Add(token);
            if (token.Kind is TokenKind.End or TokenKind.Wrong)
            {
                return tokens;
            }

            at += length;
        }
    }

    private static RuleToken Next(string text, int at, out int length)
    {
        length = 0;
        if (at >= text.Length)
        {
            return new RuleToken(TokenKind.End, "", 0, at + 1, "the end");
        }

        var first = text[at];
        if (first is '"' or '\'')
        {
            return Quoted(text, at, out length);
        }

        if (char.IsAsciiDigit(first))
        {
            return Digits(text, at, out length);
        }

        if (char.IsAsciiLetter(first) || first == '_')
        {
            while (at + length < text.Length && IsOfWord(text[at + length]))
            {
                length++;
            }

            var word = text.Substring(at, length);
            return new RuleToken(TokenKind.Word, word, 0, at + 1, $"\"{word}\"");
        }

        foreach (var sign in Signs)
        {
            if (string.CompareOrdinal(text, at, sign, 0, sign.Length) == 0)
            {
                length = sign.Length;
                return new RuleToken(TokenKind.Sign, sign, 0, at + 1, sign);
            }
        }

        return new RuleToken(TokenKind.Wrong, "texts stand in quotes, as in client == \"codex\"", 0, at + 1, $"\"{first}\"");
    }

    private static bool IsOfWord(char letter) => char.IsAsciiLetterOrDigit(letter) || letter == '_';

    private static RuleToken Quoted(string text, int at, out int length)
    {
        var value = new StringBuilder();
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] == text[at])
            {
                length = i + 1 - at;
                return new RuleToken(TokenKind.Text, value.ToString(), 0, at + 1, $"\"{value}\"");
            }

            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
            }

            value.Append(text[i]);
        }

        length = 0;
        return new RuleToken(TokenKind.Wrong, $"close it with {text[at]}", 0, at + 1, "a text without an end");
    }

    // 200, 200_000, 200k, 1m, 12.5, 08:30
    private static RuleToken Digits(string text, int at, out int length)
    {
        length = 0;
        while (at + length < text.Length && (IsOfWord(text[at + length]) || text[at + length] == ':' || IsPoint(text, at + length)))
        {
            length++;
        }

        var written = text.Substring(at, length);
        var column = at + 1;
        var colon = written.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0)
        {
            return colon <= 2 && written.Length == colon + 3
                && int.TryParse(written.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var hours) && hours <= 23
                && int.TryParse(written.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes <= 59
                    ? new RuleToken(TokenKind.Time, written, (hours * 60) + minutes, column, written)
                    : new RuleToken(TokenKind.Wrong, "allowed: a time from 00:00 to 23:59", 0, column, $"\"{written}\"");
        }

        var unit = char.ToLowerInvariant(written[^1]) switch { 'k' => 1_000m, 'm' => 1_000_000m, _ => 1m };
        var digits = (unit > 1 ? written[..^1] : written).Replace("_", "", StringComparison.Ordinal);
        return digits.Length <= 15 && decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? new RuleToken(TokenKind.Number, written, number * unit, column, written)
            : new RuleToken(TokenKind.Wrong, "allowed: a number such as 8000, 200k or 1m", 0, column, $"\"{written}\"");
    }

    // The point of 12.5, but not those of 08:00..18:00.
    private static bool IsPoint(string text, int at) => text[at] == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]);
}
