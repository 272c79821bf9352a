using System.Reflection;
using Sluice.Testing;
using Xunit;

namespace Sluice.Architecture.Tests;

/// <summary>Who may reference whom. Read from the compiled files, so that a reference which slipped in through a project file shows here.</summary>
public sealed class AssemblyTests
{
    private static readonly string Binaries = AppContext.BaseDirectory;

    /// <summary>Of each assembly, the other Sluice assemblies that it may use. An assembly that is not listed fails the test.</summary>
    private static readonly Dictionary<string, string[]> AllowedOwn = new(StringComparer.Ordinal)
    {
        ["Sluice.Protocols"] = [],
        ["Sluice.Core"] = ["Sluice.Protocols"],
        ["Sluice.Simulator"] = ["Sluice.Protocols"],
        ["Sluice.Upstreams"] = ["Sluice.Core", "Sluice.Protocols"],
        ["Sluice.Storage"] = ["Sluice.Core", "Sluice.Protocols"],
        ["Sluice.Server"] = ["Sluice.Core", "Sluice.Protocols", "Sluice.Simulator", "Sluice.Storage", "Sluice.Upstreams"],
        ["sluice"] = ["Sluice.Core", "Sluice.Protocols", "Sluice.Server", "Sluice.Simulator", "Sluice.Storage", "Sluice.Upstreams"],
    };

    /// <summary>Of the pure assemblies, the beginnings of names that they must never use.</summary>
    private static readonly Dictionary<string, string[]> ForbiddenForeign = new(StringComparer.Ordinal)
    {
        ["Sluice.Protocols"] = ["Microsoft.AspNetCore", "Microsoft.Extensions", "Microsoft.Data", "Dapper", "SQLitePCL", "Npgsql", "System.Net.Http", "System.Net.Sockets", "System.Data", "YamlDotNet"],
        ["Sluice.Core"] = ["Microsoft.AspNetCore", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection", "Microsoft.Data", "Dapper", "SQLitePCL", "Npgsql", "System.Net.Http", "System.Net.Sockets", "System.Data"],
        ["Sluice.Upstreams"] = ["Microsoft.AspNetCore", "Microsoft.Data", "Dapper", "SQLitePCL", "Npgsql"],
        ["Sluice.Storage"] = ["Microsoft.AspNetCore", "System.Net.Http"],
        ["Sluice.Simulator"] = ["Microsoft.Data", "Dapper", "SQLitePCL", "Npgsql", "YamlDotNet"],
    };

    public static TheoryData<string> Products => [.. AllowedOwn.Keys];

    public static TheoryData<string> Pure => [.. ForbiddenForeign.Keys];

    [Theory, MemberData(nameof(Products))]
    public void Assembly_OwnReferences_FollowTheDirection(string name)
    {
        var wrong = ReferencesOf(name)
            .Where(reference => reference.StartsWith("sluice", StringComparison.OrdinalIgnoreCase))
            .Except(AllowedOwn[name], StringComparer.Ordinal)
            .ToList();

        Assert.True(wrong.Count == 0, $"{name} must not use {string.Join(", ", wrong)}; it may use {string.Join(", ", AllowedOwn[name])}.");
    }

    [Theory, MemberData(nameof(Pure))]
    public void Assembly_ForeignReferences_KeepItPure(string name)
    {
        var wrong = ReferencesOf(name)
            .Where(reference => ForbiddenForeign[name].Any(forbidden => reference.StartsWith(forbidden, StringComparison.Ordinal)))
            .ToList();

        Assert.True(wrong.Count == 0, $"{name} must not use {string.Join(", ", wrong)}.");
    }

    [Fact]
    public void SourceProjects_AllOfThem_HaveARule()
    {
        var projects = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path) == "Sluice" ? "sluice" : Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal);

        Assert.Equal(AllowedOwn.Keys.Order(StringComparer.Ordinal), projects);
    }

    [Fact]
    public void Server_ReferencedBy_OnlyTheExecutableAndTests()
    {
        var users = Tree.Files("*.csproj")
            .Where(path => File.ReadAllText(Tree.FullPath(path)).Contains("Sluice.Server.csproj", StringComparison.Ordinal))
            .Where(path => !path.StartsWith("tests/", StringComparison.Ordinal) && !path.StartsWith("bench/", StringComparison.Ordinal));

        Assert.Equal(["src/Sluice/Sluice.csproj"], users);
    }

    [Fact]
    public void Production_NeverReferences_Tests()
    {
        var wrong = Tree.Files("src/*.csproj").Where(path => File.ReadAllText(Tree.FullPath(path)).Contains("/tests/", StringComparison.Ordinal));

        Verdict.None(wrong);
    }

    // Loaded for their metadata only: nothing of theirs runs.
    private static List<string> ReferencesOf(string name) =>
        [.. Assembly.LoadFrom(Path.Combine(Binaries, name + ".dll")).GetReferencedAssemblies().Select(reference => reference.Name!)];
}
