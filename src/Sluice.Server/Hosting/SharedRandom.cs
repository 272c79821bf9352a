namespace Sluice.Server.Hosting;

/// <summary>Chance for all requests of one process. Everything of <see cref="Random"/> that draws comes through the three members here, and the generator below them is not thread-safe.</summary>
/// <param name="seed">Where it starts.</param>
internal sealed class SharedRandom(int seed) : Random(seed)
{
    private readonly Lock _drawing = new();

    /// <inheritdoc/>
    public override int Next()
    {
        lock (_drawing)
        {
            return base.Next();
        }
    }

    /// <inheritdoc/>
    public override void NextBytes(Span<byte> buffer)
    {
        lock (_drawing)
        {
            base.NextBytes(buffer);
        }
    }

    /// <inheritdoc/>
    protected override double Sample()
    {
        lock (_drawing)
        {
            return base.Sample();
        }
    }
}
