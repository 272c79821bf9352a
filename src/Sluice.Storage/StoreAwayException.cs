namespace Sluice.Storage;

/// <summary>The store does not answer now, so a question to the ledger cannot be. Nothing is lost: the journal keeps what the store does not take.</summary>
/// <param name="message">Cause and remedy.</param>
/// <param name="inner">What the store's driver said.</param>
public sealed class StoreAwayException(string message, Exception? inner) : Exception(message, inner);
