namespace Sluice.Protocols.Formats;

/// <summary>The paths of a format that has one for each operation. Clients whose base URL ends without a version ask for the same without <c>/v1</c>.</summary>
internal sealed class ClientPaths
{
    private readonly (string Path, ClientCall Call)[] _paths;

    /// <summary>Takes the paths, each beginning with <c>/v1/</c>.</summary>
    public ClientPaths(params (string Path, SurfaceOperation Operation)[] paths) => _paths = [.. paths.Select(p => (p.Path, new ClientCall(p.Operation)))];

    /// <inheritdoc cref="IClientFormat.CallAt"/>
    public ClientCall? CallAt(string path)
    {
        foreach (var (known, call) in _paths)
        {
            if (path == known || known.AsSpan("/v1".Length).SequenceEqual(path))
            {
                return call;
            }
        }

        return null;
    }

    /// <inheritdoc cref="IClientFormat.PathOf"/>
    public string? PathOf(SurfaceOperation operation) => Array.Find(_paths, p => p.Call.Operation == operation).Path;
}
