using System.Text.RegularExpressions;
using Xunit;

namespace Sluice.Architecture.Tests;

/// <summary>Documents that name files which are not there mislead more than no document.</summary>
public sealed partial class DocumentTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("LICENSE")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("SECURITY.md")]
    [InlineData("docs/architecture.md")]
    public void Document_ThatPeopleLookFor_Exists(string path) =>
        Assert.True(File.Exists(Tree.FullPath(path)), path);

    [Fact]
    public void Changelog_HasARoomForWhatIsNext() =>
        Assert.Contains("## Unreleased", File.ReadAllText(Tree.FullPath("CHANGELOG.md")), StringComparison.Ordinal);

    // A path is anything in backquotes that begins with a folder of the tree; <Name> and * stand for what the reader fills in.
    [Fact]
    public void Documents_EveryPathInBackquotes_Exists()
    {
        var wrong = new List<string>();
        foreach (var (path, text) in Tree.Texts("*.md"))
        {
            foreach (Match match in TreePath().Matches(text))
            {
                var named = match.Groups["path"].Value;
                if (!named.Contains('<', StringComparison.Ordinal) && !named.Contains('*', StringComparison.Ordinal) && !Exists(named))
                {
                    wrong.Add($"{path}: {named}");
                }
            }
        }

        Verdict.None(wrong);
    }

    [Fact]
    public void Documents_EveryRelativeLink_LeadsSomewhere()
    {
        var wrong = new List<string>();
        foreach (var (path, text) in Tree.Texts("*.md"))
        {
            var folder = Path.GetDirectoryName(path) ?? "";
            foreach (Match match in Link().Matches(text))
            {
                var target = match.Groups["target"].Value;
                if (!target.Contains("://", StringComparison.Ordinal) && !Exists(Path.Combine(folder, target)))
                {
                    wrong.Add($"{path}: {target}");
                }
            }
        }

        Verdict.None(wrong);
    }

    private static bool Exists(string relative) => Path.Exists(Path.GetFullPath(Tree.FullPath(relative)));

    [GeneratedRegex("`(?<path>(?:src|tests|docs|bench)/[^`\\s]+)`", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex TreePath();

    [GeneratedRegex("""\]\((?<target>[^)#\s]+)(?:#[^)]*)?\)""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Link();
}
