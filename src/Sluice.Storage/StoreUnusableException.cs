namespace Sluice.Storage;

/// <summary>The store cannot be opened, for a reason that the operator can mend.</summary>
/// <param name="message">Cause and remedy.</param>
public sealed class StoreUnusableException(string message) : Exception(message);
