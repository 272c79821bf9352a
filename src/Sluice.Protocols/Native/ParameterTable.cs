using System.Text;

namespace Sluice.Protocols.Native;

/// <summary>Which members of a format's request body set which parameter. Made once for each format; looking up allocates nothing.</summary>
public sealed class ParameterTable
{
    // By length, since nearly all names differ in it: most lookups compare one or two names.
    private readonly (byte[] Name, RequestParameters Parameter)[][] _byLength;

    /// <summary>A table of these members.</summary>
    public ParameterTable(params (string Name, RequestParameters Parameter)[] members)
    {
        var longest = members.Max(member => member.Name.Length);
        _byLength = new (byte[], RequestParameters)[longest + 1][];
        for (var length = 0; length <= longest; length++)
        {
            _byLength[length] = [.. members.Where(member => member.Name.Length == length).Select(member => (Encoding.ASCII.GetBytes(member.Name), member.Parameter))];
        }
    }

    /// <summary>The parameter that a member sets, <see cref="RequestParameters.None"/> for every other member.</summary>
    /// <param name="name">Unescaped.</param>
    public RequestParameters Of(ReadOnlySpan<byte> name)
    {
        if (name.Length >= _byLength.Length)
        {
            return RequestParameters.None;
        }

        foreach (var (known, parameter) in _byLength[name.Length])
        {
            if (name.SequenceEqual(known))
            {
                return parameter;
            }
        }

        return RequestParameters.None;
    }

    /// <summary>What a member with this value asks for: nothing where it only says null, false, an empty list or what holds anyway.</summary>
    /// <param name="parameter">As the table has it.</param>
    /// <param name="value">The member's value.</param>
    public static RequestParameters Asked(RequestParameters parameter, ReadOnlySpan<byte> value) => parameter switch
    {
        RequestParameters.None => RequestParameters.None,
        _ when value.SequenceEqual("null"u8) || IsEmptyList(value) => RequestParameters.None,
        RequestParameters.Logprobs or RequestParameters.Reasoning when value.SequenceEqual("false"u8) => RequestParameters.None,
        RequestParameters.Reasoning when IsReasoningOff(value) => RequestParameters.None,
        RequestParameters.ToolChoice when Holds(value, "\"auto\""u8) || Holds(value, "\"AUTO\""u8) => RequestParameters.None,
        RequestParameters.ResponseFormat => Shape(value),
        _ => parameter,
    };

    private static bool IsEmptyList(ReadOnlySpan<byte> value) =>
        value[0] == (byte)'[' && value[1..^1].IndexOfAnyExcept(" \t\r\n"u8) < 0;

    private static bool Holds(ReadOnlySpan<byte> value, ReadOnlySpan<byte> word) => value.IndexOf(word) >= 0;

    // These look for words and read nothing: a wrong hit only prefers an endpoint that can do more, or fewer parameters are asked of it.
    private static bool IsReasoningOff(ReadOnlySpan<byte> value) => Holds(value, "\"none\""u8) || Holds(value, "\"disabled\""u8);

    // Chat's {"type":"json_schema",…}, Responses' {"format":{"type":…},"verbosity":"low"}, Anthropic's {"format":{…},"effort":"high"}, Gemini's
    // "application/json".
    private static RequestParameters Shape(ReadOnlySpan<byte> value)
    {
        var found = Holds(value, "\"json_schema\""u8) ? RequestParameters.StructuredOutputs
            : Holds(value, "\"json_object\""u8) || Holds(value, "\"application/json\""u8) ? RequestParameters.ResponseFormat
            : RequestParameters.None;
        return Holds(value, "\"verbosity\""u8) ? found | RequestParameters.Verbosity : found;
    }
}
