namespace Sluice.Testing;

/// <summary>A folder of one test, removed with it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Absolute path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("sluice-test-").FullName;

    /// <summary>Path of something inside.</summary>
    public string PathOf(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A killed child may still be closing its files; the system clears its temporary folder itself.
        }
    }
}
