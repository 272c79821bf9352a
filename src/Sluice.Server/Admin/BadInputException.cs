namespace Sluice.Server.Admin;

/// <summary>What an administrator sent cannot be used; answered with 400 and the message.</summary>
/// <param name="message">One sentence that names the member and what is allowed.</param>
internal sealed class BadInputException(string message) : Exception(message);
