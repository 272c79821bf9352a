using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Sluice.Storage.Sqlite;

/// <summary>
/// Binds the SQLite provider to the operating system's own library, which the system's updates keep patched. The provider's package asks for a
/// library named <c>e_sqlite3</c> that other packages would bring along; none is referenced here.
/// </summary>
internal static class NativeSqlite
{
    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <exception cref="StoreUnusableException">The machine has no SQLite library.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (_loaded)
            {
                return;
            }

            var name = OperatingSystem.IsWindows() ? "winsqlite3.dll" : OperatingSystem.IsMacOS() ? "libsqlite3.dylib" : "libsqlite3.so.0";
            if (!NativeLibrary.TryLoad(name, out var library))
            {
                throw new StoreUnusableException(
                    $"SQLite's library {name} is not on this machine. Install it (Debian and Ubuntu: apt-get install libsqlite3-0; Alpine: apk add sqlite-libs; Fedora: dnf install sqlite-libs).");
            }

            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
            raw.SetProvider(new SQLite3Provider_e_sqlite3());
            _loaded = true;

            nint Resolve(string wanted, Assembly assembly, DllImportSearchPath? path) => wanted == "e_sqlite3" ? library : 0;
        }
    }
}
