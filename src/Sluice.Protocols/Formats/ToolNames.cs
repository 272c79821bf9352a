namespace Sluice.Protocols.Formats;

/// <summary>Which names of tools a format takes; a provider refuses the whole request over one that it does not.</summary>
internal static class ToolNames
{
    /// <summary>The shortest limit of any format, and with only the characters that all of them take: names that are made up keep to it.</summary>
    public const int ShortestLimit = 64;

    private const int AnthropicLimit = 128;

    /// <summary>An upstream of this format takes the name.</summary>
    public static bool IsLegal(string name, WireProtocol upstream) => upstream switch
    {
        WireProtocol.AnthropicMessages => name.Length is > 0 and <= AnthropicLimit && name.All(IsCommon),
        // As in the reference of FunctionDeclaration.
        WireProtocol.Gemini => name.Length is > 0 and <= ShortestLimit && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => IsCommon(c) || c is '.' or ':'),
        _ => name.Length is > 0 and <= ShortestLimit && name.All(IsCommon),
    };

    /// <summary>Every format takes the character, if not as the first one.</summary>
    public static bool IsCommon(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
}
