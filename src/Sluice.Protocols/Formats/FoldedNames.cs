using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Formats;

/// <summary>
/// The names that a client's tools have for an upstream: their own where its format takes them, <c>namespace__name</c> for one in a namespace where
/// that is legal and free, else a shortened name that ends in a hash of the whole. The same declarations give the same names, whatever calls stand
/// beside them: prompt caches keep hitting, and an answer's names are found again without anything being kept.
/// </summary>
internal sealed class FoldedNames
{
    private const int HashLetters = 8;

    private readonly WireProtocol _upstream;
    private readonly Dictionary<(string? Space, string Name), string> _names = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tool> _tools = new(StringComparer.Ordinal);

    /// <summary>Names the declared tools; those that keep their own names take precedence, so that no made-up one can be theirs.</summary>
    public FoldedNames(IReadOnlyList<Tool> declared, WireProtocol upstream)
    {
        _upstream = upstream;
        foreach (var tool in declared.Where(t => !IsRenamed(t, upstream)))
        {
            _names.TryAdd((tool.Namespace, tool.Name), tool.Name);
            _taken.Add(tool.Name);
            _tools.TryAdd(tool.Name, tool);
        }

        foreach (var tool in declared.Where(t => IsRenamed(t, upstream)))
        {
            _tools.TryAdd(Of(tool.Namespace, tool.Name), tool);
        }
    }

    /// <summary>The upstream knows the tool by another name than the client. A vendor's tool is called as its vendor calls it.</summary>
    public static bool IsRenamed(Tool tool, WireProtocol upstream) =>
        tool is not VendorTool && (tool.Namespace is null ? !ToolNames.IsLegal(tool.Name, upstream) : !ToolFolding.Knows(upstream));

    /// <summary>What a tool is called; a call of a tool that is no longer declared gets a name too.</summary>
    public string Of(string? space, string name)
    {
        if (_names.TryGetValue((space, name), out var known))
        {
            return known;
        }

        if (space is null ? ToolNames.IsLegal(name, _upstream) : ToolFolding.Knows(_upstream))
        {
            return name;
        }

        var plain = space is null ? name : space + "__" + name;
        var folded = space is not null && plain.Length <= ToolNames.ShortestLimit && ToolNames.IsLegal(plain, _upstream) && !_taken.Contains(plain) ? plain : Hashed(space, name, plain);
        _names.Add((space, name), folded);
        _taken.Add(folded);
        return folded;
    }

    /// <summary>The declared tool behind a name that a model called, where it must be told otherwise; null for all others.</summary>
    public Tool? Find(string name) => _tools.TryGetValue(name, out var tool) && (IsRenamed(tool, _upstream) || (tool is CustomTool && !ToolFolding.Knows(_upstream))) ? tool : null;

    // Another round only where a declared name happens to be the made-up one.
    private string Hashed(string? space, string name, string plain)
    {
        var letters = string.Concat(plain.Select(c => ToolNames.IsCommon(c) ? c : '_'));
        if (letters.Length == 0 || !(char.IsAsciiLetter(letters[0]) || letters[0] == '_'))
        {
            letters = "_" + letters;
        }

        letters = letters[..Math.Min(letters.Length, ToolNames.ShortestLimit - HashLetters - 1)];
        for (var round = 0; ; round++)
        {
            var whole = space + "\n" + name + (round == 0 ? "" : "\n" + round.ToString(CultureInfo.InvariantCulture));
            var hashed = letters + "_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)))[..HashLetters];
            if (!_taken.Contains(hashed))
            {
                return hashed;
            }
        }
    }
}
