namespace Sluice.Core.Admission;

/// <summary>A way in: the scopes that all have to have room, such as a caller's key, user and team, or one provider.</summary>
public sealed class Way
{
    internal Way(Allowance[] all)
    {
        All = all;
    }

    internal Allowance[] All { get; }
}
