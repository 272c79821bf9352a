namespace Sluice.Testing;

/// <summary>Finds the root of the checkout from wherever the tests run.</summary>
public static class RepositoryRoot
{
    /// <summary>Absolute path of the folder that holds <c>Sluice.slnx</c>.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Sluice.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside a checkout: no Sluice.slnx above " + AppContext.BaseDirectory);
    }
}
