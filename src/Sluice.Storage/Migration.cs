using System.Globalization;
using System.Reflection;

namespace Sluice.Storage;

/// <summary>One step of a store's schema. Steps are only ever added: databases out there have the earlier ones.</summary>
/// <param name="Number">Its place, from 1.</param>
/// <param name="Sql">Its text.</param>
internal readonly record struct Migration(int Number, string Sql)
{
    /// <summary>All steps of a store, in order.</summary>
    /// <param name="store">The folder in <c>Migrations</c>.</param>
    public static IReadOnlyList<Migration> Of(string store)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. from name in assembly.GetManifestResourceNames()
               where name.StartsWith(store + "/", StringComparison.Ordinal)
               let number = int.Parse(name.AsSpan(store.Length + 1, 4), CultureInfo.InvariantCulture)
               orderby number
               select new Migration(number, Text(assembly, name)),
        ];
    }

    private static string Text(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
