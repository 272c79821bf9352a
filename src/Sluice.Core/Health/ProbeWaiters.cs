namespace Sluice.Core.Health;

/// <summary>
/// Requests that wait for the verdict of another's probe, because there is nobody else to ask. They are told all at once, and each looks for
/// itself what the verdict was. <see cref="TryJoin"/> and <see cref="Tell"/> hold the endpoint's lock.
/// </summary>
internal sealed class ProbeWaiters
{
    /// <summary>Most that wait at one endpoint: all of them may go there the moment that it has recovered, and more would only bring it down again.</summary>
    public const int Most = 64;

    private TaskCompletionSource? _heard;
    private int _count;

    /// <summary>One more waits, and must wait with <see cref="WaitAsync"/>; false where as many wait already as may.</summary>
    public bool TryJoin(out Task heard)
    {
        heard = (_heard ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        if (Volatile.Read(ref _count) >= Most)
        {
            return false;
        }

        Interlocked.Increment(ref _count);
        return true;
    }

    /// <summary>The probe has been heard of.</summary>
    public void Tell()
    {
        _heard?.TrySetResult();
        _heard = null;
    }

    /// <summary>Waits until it is heard of, or for as long as is said. True: who waited may look again.</summary>
    public async Task<bool> WaitAsync(Task heard, TimeSpan longest, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            await heard.WaitAsync(longest, time, cancellation);
        }
        catch (TimeoutException)
        {
            // A probe that is not heard of keeps nobody out for ever.
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }

        return true;
    }
}
