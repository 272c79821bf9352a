using YamlDotNet.Core;

namespace Sluice.Core.Configuration.Reading;

/// <summary>Collects everything that is wrong or worth a remark, in place of stopping at the first.</summary>
internal sealed class Findings(string file)
{
    private readonly List<ConfigError> _errors = [];
    private readonly List<string> _warnings = [];

    /// <summary>In the file's order.</summary>
    public IReadOnlyList<ConfigError> Errors => [.. _errors.OrderBy(error => error.Line).ThenBy(error => error.Column)];

    /// <summary>One sentence each, none twice.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    public void Error(Mark at, string path, string found, string message) =>
        _errors.Add(new ConfigError(file, (int)at.Line, (int)at.Column, path, found, message));

    public void Error(ConfigValue at, string message) =>
        _errors.Add(new ConfigError(file, at.Line, at.Column, at.Path, at.Shown, message));

    public void Error(string source, string path, string found, string message) =>
        _errors.Add(new ConfigError(source, 0, 0, path, found, message));

    public void Warn(string sentence)
    {
        if (!_warnings.Contains(sentence, StringComparer.Ordinal))
        {
            _warnings.Add(sentence);
        }
    }
}
