using System.Globalization;

namespace Sluice.Storage;

/// <summary>Another <c>serve</c> has the data folder open.</summary>
/// <param name="message">Names the folder, the holder and the remedy.</param>
public sealed class DataFolderInUseException(string message) : IOException(message);

/// <summary>Held while a process owns a data folder. Two owners would complete each other's attempts as abandoned and write into one journal.</summary>
internal sealed class DataFolderLock : IDisposable
{
    private readonly FileStream _file;

    private DataFolderLock(FileStream file) => _file = file;

    /// <exception cref="DataFolderInUseException">Somebody else holds it.</exception>
    public static DataFolderLock Take(string folder)
    {
        var path = Path.Combine(folder, "serve.lock");
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new DataFolderInUseException(
                $"The data folder {Path.GetFullPath(folder)} is in use by another 'sluice serve'. Stop that one, or give this one a folder of its own with --data.");
        }

        // For people only; the lock is the open file itself, so a crash leaves none behind.
        file.SetLength(0);
        file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        file.Flush();
        return new DataFolderLock(file);
    }

    public void Dispose() => _file.Dispose();
}
