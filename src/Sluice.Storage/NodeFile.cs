using System.Text;

namespace Sluice.Storage;

/// <summary>
/// The id of a data folder among the nodes that share a database: <c>DATA/node</c>, made once. The database keeps by it how far this folder's journal
/// has been taken and which attempts are its own. A copy of a folder that is to serve beside the first must not have it.
/// </summary>
internal static class NodeFile
{
    /// <summary>Reads the id, or makes one.</summary>
    /// <exception cref="StoreUnusableException">The file holds something else.</exception>
    public static string Ensure(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "node");
        if (!File.Exists(path))
        {
            PrivateFolder.Write(path, Encoding.ASCII.GetBytes(Guid.NewGuid().ToString("N")));
        }

        var id = File.ReadAllText(path).Trim();
        return id.Length is >= 8 and <= 64 && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
            ? id
            : throw new StoreUnusableException($"{path} is not the id of a node: 8 to 64 letters and digits. Delete it if this data folder's journal is empty; a new one is made.");
    }
}
