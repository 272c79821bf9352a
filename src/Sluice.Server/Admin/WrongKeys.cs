using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Server.Admin;

/// <summary>
/// Who guesses the admin key is stopped: an address that has presented ten different wrong keys hears 429 until a minute after the first of
/// them, whatever it presents. The same wrong key again and again is a script that was not told of a new one, and no guess.
/// </summary>
/// <remarks>Lock: one for the table. It is taken for wrong keys, and for right ones only while some address has presented wrong ones.</remarks>
internal sealed class WrongKeys(TimeProvider time)
{
    public const int MostWrong = 10;

    // Addresses that are remembered at once; beyond it the one whose minute ends first is forgotten. An attacker with more addresses than
    // this gets ten guesses for each in any case.
    private const int MostAddresses = 4096;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Guesses> _byAddress = [];
    private readonly Queue<(IPAddress Address, long Until)> _oldestFirst = new();

    // Never sent anywhere; without it the hashes in memory would be those of keys that may be right elsewhere.
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);

    /// <summary>How long this address has to wait; zero when it may try.</summary>
    public TimeSpan WaitOf(IPAddress? address)
    {
        if (_byAddress.Count == 0)
        {
            return TimeSpan.Zero;
        }

        lock (_gate)
        {
            Forget();
            return _byAddress.TryGetValue(address ?? IPAddress.None, out var guesses) && guesses.Keys.Count >= MostWrong
                ? TimeSpan.FromMilliseconds(guesses.Until - Now)
                : TimeSpan.Zero;
        }
    }

    /// <summary>Writes down that a key was wrong.</summary>
    public void Add(IPAddress? address, string key)
    {
        var from = address ?? IPAddress.None;
        var hash = Convert.ToHexString(HMACSHA256.HashData(_salt, Encoding.UTF8.GetBytes(key)), 0, 8);
        lock (_gate)
        {
            Forget();
            if (!_byAddress.TryGetValue(from, out var guesses))
            {
                if (_byAddress.Count == MostAddresses)
                {
                    _byAddress.Remove(_oldestFirst.Dequeue().Address);
                }

                _byAddress[from] = guesses = new Guesses(Now + (long)Window.TotalMilliseconds, []);
                _oldestFirst.Enqueue((from, guesses.Until));
            }

            if (guesses.Keys.Count < MostWrong)
            {
                guesses.Keys.Add(hash);
            }
        }
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Forget()
    {
        while (_oldestFirst.TryPeek(out var oldest) && oldest.Until <= Now)
        {
            _byAddress.Remove(_oldestFirst.Dequeue().Address);
        }
    }

    private sealed record Guesses(long Until, HashSet<string> Keys);
}
