using System.Globalization;

namespace Sluice.Core.Configuration;

/// <summary>A configuration, or everything that is wrong with it.</summary>
/// <param name="Snapshot">Null when there are errors.</param>
/// <param name="Errors">In the file's order.</param>
public sealed record ConfigResult(ConfigSnapshot? Snapshot, IReadOnlyList<ConfigError> Errors)
{
    /// <summary>Absolute paths of all <c>${file:…}</c> targets that were read or should have been: a change of any is a change of the configuration.</summary>
    public IReadOnlyList<string> ReadFiles { get; init; } = [];
}

/// <summary>One thing that is wrong. Never holds a secret.</summary>
/// <param name="File">The file's name as given, or where else the value came from (<c>environment</c>, <c>command line</c>).</param>
/// <param name="Line">From 1; 0 where there is no line.</param>
/// <param name="Column">From 1; 0 where there is no line.</param>
/// <param name="KeyPath">As <c>providers[0].base_url</c>; empty for the file as a whole.</param>
/// <param name="Found">What stands there; <c>(secret)</c> for secrets.</param>
/// <param name="Message">What is allowed or what to do, as the end of a sentence.</param>
public sealed record ConfigError(string File, int Line, int Column, string KeyPath, string Found, string Message)
{
    /// <summary>One line: file, line, column, key path, what was found, what is allowed.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}") : File;
        return KeyPath.Length == 0 ? $"{place}: found {Found}; {Message}" : $"{place}: {KeyPath}: found {Found}; {Message}";
    }
}
