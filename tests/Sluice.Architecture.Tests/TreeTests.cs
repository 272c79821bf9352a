using System.Text.RegularExpressions;
using Sluice.Testing;
using Xunit;

namespace Sluice.Architecture.Tests;

/// <summary>Habits of this tree that a reader relies on and a compiler does not see.</summary>
public sealed partial class TreeTests
{
    private const int LongFile = 500;

    // Spelled in halves, or this file would find itself.
    private static readonly string[] RegistryHosts =
    [
        "registry.npm" + "js.org", "registry.yarn" + "pkg.com", "api.nu" + "get.org", "deb.deb" + "ian.org", "pypi" + ".org", "static.crates" + ".io", "proxy.gol" + "ang.org",
    ];

    private static readonly string[] EmptyEndings = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Base", "Common", "Misc", "Service"];

    [Fact]
    public void Files_NoneOfThem_NamesAPackageRegistry()
    {
        var wrong = Tree.Texts().Where(file => RegistryHosts.Any(host => file.Text.Contains(host, StringComparison.OrdinalIgnoreCase))).Select(file => file.Path);

        Verdict.None(wrong);
    }

    [Fact]
    public void LockFiles_NoneOfThem_NamesAHost()
    {
        var wrong = Tree.Texts("*packages.lock.json", "*package-lock.json")
            .Where(file => file.Text.Contains("\"resolved\": \"http", StringComparison.Ordinal) || HostPattern().IsMatch(file.Text))
            .Select(file => file.Path);

        Verdict.None(wrong);
    }

    // Code and prose may quote an invented path, such as a line of a client's prompt; one that is really there gives this machine away.
    [Fact]
    public void Files_NoneOfThem_HoldsAPathOfThisMachine()
    {
        var wrong = Tree.Texts("*.cs", "*.md", "*.ts", "*.tsx", "*.yaml", "*.yml")
            .SelectMany(file => MachinePath().Matches(file.Text).Where(match => Path.Exists(match.Value)).Select(match => $"{file.Path}: {match.Value}"));

        Verdict.None(wrong);
    }

    [Fact]
    public void Scripts_NoneOfThem_HoldsAPathOfAnyMachine()
    {
        var wrong = Tree.Texts("*.csproj", "*.props", "*.json", "*.mjs", "*.sh", "sluice", "test", ".ci/run")
            .SelectMany(file => MachinePath().Matches(file.Text).Select(match => $"{file.Path}: {match.Value}"));

        Verdict.None(wrong);
    }

    [Fact]
    public void SourceFiles_LongOnes_GiveTheirReasonOnTheFirstLine()
    {
        var wrong = Tree.Texts("*.cs", "*.ts", "*.tsx", "*.mjs")
            .Where(file => file.Text.AsSpan().Count('\n') > LongFile && !file.Text.StartsWith("// ", StringComparison.Ordinal))
            .Select(file => file.Path);

        Verdict.None(wrong);
    }

    [Fact]
    public void SourceFiles_NoneOfThem_HasANameThatSaysNothing()
    {
        var wrong = Tree.Files("*.cs", "*.ts", "*.tsx")
            .Where(path => EmptyEndings.Any(ending => Path.GetFileNameWithoutExtension(path).EndsWith(ending, StringComparison.Ordinal)));

        Verdict.None(wrong);
    }

    [Fact]
    public void SourceFiles_NoneOfThem_DeclaresATypeWhoseNameSaysNothing()
    {
        var wrong = Tree.Texts("src/*.cs")
            .SelectMany(file => TypeDeclaration().Matches(file.Text).Select(match => (file.Path, Name: match.Groups["name"].Value)))
            .Where(type => EmptyEndings.Any(ending => type.Name.EndsWith(ending, StringComparison.Ordinal)))
            .Select(type => $"{type.Path}: {type.Name}");

        Verdict.None(wrong);
    }

    [Fact]
    public void Contracts_EveryPublicType_HasADocComment()
    {
        var wrong = Tree.Texts("src/Sluice.Protocols/*.cs", "src/Sluice.Core/*.cs").SelectMany(file => Undocumented(file.Path, file.Text));

        Verdict.None(wrong);
    }

    [Fact]
    public void Tests_SwitchedOff_SayWhy()
    {
        var wrong = Tree.Texts("tests/*.cs").SelectMany(file => SkipWithoutReason().Matches(file.Text).Select(match => $"{file.Path}: {match.Value}"));

        Verdict.None(wrong);
    }

    [Fact]
    public void Suppressions_AllOfThem_GiveTheirReasonOnTheLine()
    {
        var wrong = new List<string>();
        foreach (var (path, text) in Tree.Texts("*.cs"))
        {
            foreach (var line in text.Split('\n'))
            {
                var code = line.TrimStart();
                var silent = (code.StartsWith("#pragma warning disable", StringComparison.Ordinal) && !code.Contains("//", StringComparison.Ordinal))
                    || (code.StartsWith("[SuppressMessage", StringComparison.Ordinal) && !code.Contains("Justification", StringComparison.Ordinal));
                if (silent)
                {
                    wrong.Add($"{path}: {code}");
                }
            }
        }

        Verdict.None(wrong);
    }

    // A wait for a clock that the test moves is none. Any other needs its reason behind it.
    [Fact]
    public void Tests_ThatSleep_GiveTheirReasonOnTheLine()
    {
        var wrong = Tree.Texts("tests/*.cs").SelectMany(file => file.Text.Split('\n').Where(Sleeps).Select(line => $"{file.Path}: {line.Trim()}"));

        Verdict.None(wrong);
    }

    // In halves, or this file would find itself.
    [Theory]
    [InlineData("Thread" + ".Sleep(5);", true)]
    [InlineData("Thread" + ".Sleep(TimeSpan.FromMilliseconds(5));", true)]
    [InlineData("await Task" + ".Delay(5);", true)]
    [InlineData("await Task" + ".Delay(TimeSpan.FromSeconds(1), token);", true)]
    [InlineData("var waiting = Task" + ".Delay(timeout, TimeProvider.System);", true)]
    [InlineData("await Task" + ".Delay(25); // The store has no signal for this.", false)]
    [InlineData("await Task" + ".Delay(TimeSpan.FromMinutes(5), time, token);", false)]
    [InlineData("await Task" + ".Delay(pause, _time);", false)]
    [InlineData("await Task.WhenAll(all);", false)]
    public void Sleeps_Line_IsFoundUnlessItSaysWhy(string line, bool found) => Assert.Equal(found, Sleeps(line));

    private static bool Sleeps(string line) => Sleep().Match(line) is { Success: true } match && !line.AsSpan(match.Index).Contains("// ", StringComparison.Ordinal);

    private static IEnumerable<string> Undocumented(string path, string text)
    {
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!PublicType().IsMatch(lines[i]))
            {
                continue;
            }

            var above = i - 1;
            while (above >= 0 && lines[above].TrimStart().StartsWith('['))
            {
                above--;
            }

            if (above < 0 || !lines[above].TrimStart().StartsWith("///", StringComparison.Ordinal))
            {
                yield return $"{path}:{i + 1}: {lines[i].Trim()}";
            }
        }
    }

    // Folders that exist on one machine only. What a program of any system needs (/usr, /etc, /lib, /bin, /proc, /dev) is not meant.
    [GeneratedRegex("""(?<![\w.:/~}-])/(?:home|Users|root|work|opt|srv|mnt)/[\w.-]+""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex MachinePath();

    [GeneratedRegex("""["/@]https?://[^/"]+/.*\.(?:tgz|nupkg)""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex HostPattern();

    [GeneratedRegex("""^\s*(?:public|internal|private|file)[\w\s]*\b(?:class|record|struct|interface|enum)\s+(?:struct\s+|class\s+)?(?<name>\w+)""", RegexOptions.Multiline | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex("""^\s*public\s+(?:(?:static|sealed|abstract|readonly|partial|ref)\s+)*(?:class|record|struct|interface|enum|delegate)\b""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex PublicType();

    [GeneratedRegex("""Skip\s*=\s*(?:""|null|string\.Empty)|Assert\.Skip\(\s*(?:""|null)?\s*\)""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex SkipWithoutReason();

    [GeneratedRegex("""Thread\.Sleep\(|Task\.Delay\((?!.*,\s*_?(?:\w*\.)?\w*[tT]ime\s*[,)])""", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Sleep();
}
