namespace Sluice.Server.Ingress;

/// <summary>
/// Bounds all request bodies that are held at once. Without it, a burst of large prompts would take the process down and every other
/// stream with it.
/// </summary>
/// <param name="limit">Bytes.</param>
internal sealed class BodyBudget(long limit)
{
    private long _held;

    /// <summary>Bytes.</summary>
    public long Limit => limit;

    /// <summary>Bytes held now.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Takes <paramref name="bytes"/>, or returns false when they do not fit now.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= limit)
        {
            return true;
        }

        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _held, -bytes);
}
