using System.Buffers;

namespace Sluice.Server.Ingress;

/// <summary>A request body in pooled memory. Retries write from it, so it lives until the request is settled; disposed exactly once by its owner.</summary>
internal sealed class PooledBody : IDisposable
{
    private readonly BodyBudget _budget;
    private byte[] _buffer;
    private int _taken;

    private PooledBody(BodyBudget budget, byte[] buffer, int taken)
    {
        _budget = budget;
        _buffer = buffer;
        _taken = taken;
    }

    /// <summary>The bytes received so far.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, Length);

    /// <summary>How many they are.</summary>
    public int Length { get; private set; }

    /// <summary>Rents room for <paramref name="capacity"/> bytes; null when the budget has no room now.</summary>
    public static PooledBody? TryRent(BodyBudget budget, int capacity) =>
        budget.TryTake(capacity) ? new PooledBody(budget, ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 16)), capacity) : null;

    /// <summary>Rents room for another body within the same budget; null when it has none now.</summary>
    public PooledBody? TryRentBeside(int capacity) => TryRent(_budget, capacity);

    /// <summary>Appends <paramref name="data"/>, growing within the budget; false when the budget has no room.</summary>
    public bool TryAppend(ReadOnlySpan<byte> data)
    {
        if (Length + data.Length > _taken && !TryGrow(Length + data.Length))
        {
            return false;
        }

        data.CopyTo(_buffer.AsSpan(Length));
        Length += data.Length;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _budget.Return(_taken);
            _buffer = [];
            Length = 0;
        }
    }

    private bool TryGrow(int needed)
    {
        var target = (int)Math.Min(Array.MaxLength, Math.Max((long)needed, _taken * 2L));
        if (!_budget.TryTake(target - _taken))
        {
            return false;
        }

        _taken = target;
        if (_buffer.Length < target)
        {
            var larger = ArrayPool<byte>.Shared.Rent(target);
            _buffer.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return true;
    }
}
