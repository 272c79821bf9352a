namespace Sluice.Protocols.Formats;

/// <summary>Names of tools that nearly every format takes. A provider refuses the whole request over one that it does not.</summary>
internal static class ToolNames
{
    /// <summary>The shortest limit of any format: names that are made up keep to it.</summary>
    public const int ShortestLimit = 64;

    /// <summary>An upstream of this format takes the name.</summary>
    public static bool IsLegal(string name, WireProtocol upstream) => WireFormats.Upstream(upstream).TakesToolName(name);

    /// <summary>Letters, digits, <c>_</c> and <c>-</c> alone, within a limit.</summary>
    public static bool IsPlain(string name, int limit) => name.Length > 0 && name.Length <= limit && name.All(IsCommon);

    /// <summary>Every format takes the character, if not as the first one.</summary>
    public static bool IsCommon(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
}
