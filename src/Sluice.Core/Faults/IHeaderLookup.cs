namespace Sluice.Core.Faults;

/// <summary>The headers of an upstream's answer, whatever carries them.</summary>
public interface IHeaderLookup
{
    /// <summary>The first value of the header, by name without regard to case; null where it is not there.</summary>
    string? Find(string name);
}
