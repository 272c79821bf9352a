namespace Sluice.Storage;

/// <summary>Files and folders that their owner alone may read.</summary>
public static class PrivateFolder
{
    /// <summary>Makes a folder with mode 0700; one that is there keeps its mode.</summary>
    public static void Create(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Replaces a file's content in one step; mode 0600 from the first byte on.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var next = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        File.Delete(next);
        using (var file = new FileStream(next, options))
        {
            file.Write(content);
        }

        File.Move(next, path, overwrite: true);
    }
}
