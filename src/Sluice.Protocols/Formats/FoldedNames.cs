using System.Security.Cryptography;
using System.Text;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Formats;

/// <summary>
/// The names that tools have in formats without namespaces: <c>namespace__name</c> where that is legal and free, else a shortened one that ends in
/// a hash of both. The same declarations give the same names, whatever calls stand beside them, so that prompt caches keep hitting.
/// </summary>
internal sealed class FoldedNames
{
    // The shortest limit of any format (OpenAI's and Gemini's functions).
    private const int Longest = 64;
    private const int HashLetters = 8;

    private readonly Dictionary<(string? Space, string Name), string> _names = [];
    private readonly Dictionary<string, Tool> _tools = new(StringComparer.Ordinal);

    /// <summary>Names the declared tools; those without a namespace keep their own names and take precedence.</summary>
    public FoldedNames(IReadOnlyList<Tool> declared)
    {
        foreach (var tool in declared.Where(t => t.Namespace is null))
        {
            _names.TryAdd((null, tool.Name), tool.Name);
            _tools.TryAdd(tool.Name, tool);
        }

        foreach (var tool in declared.Where(t => t.Namespace is not null))
        {
            _tools.TryAdd(Of(tool.Namespace, tool.Name), tool);
        }
    }

    /// <summary>What a tool is called; a call of a tool that is no longer declared gets a name too.</summary>
    public string Of(string? space, string name)
    {
        if (space is null)
        {
            return name;
        }

        if (_names.TryGetValue((space, name), out var known))
        {
            return known;
        }

        var plain = space + "__" + name;
        var folded = plain.Length <= Longest && plain.All(IsLegal) && !_names.ContainsValue(plain) ? plain : Hashed(space, name, plain);
        _names.Add((space, name), folded);
        return folded;
    }

    /// <summary>The declared tool behind a name that a model called, where it must be told otherwise; null for all others.</summary>
    public Tool? Find(string name) => _tools.TryGetValue(name, out var tool) && (tool.Namespace is not null || tool is CustomTool) ? tool : null;

    private static string Hashed(string space, string name, string plain)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(space + "\n" + name)))[..HashLetters];
        var letters = string.Concat(plain.Select(c => IsLegal(c) ? c : '_'));
        return letters[..Math.Min(letters.Length, Longest - HashLetters - 1)] + "_" + hash;
    }

    private static bool IsLegal(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
}
