using System.Buffers.Binary;

namespace Sluice.Storage.Sql;

/// <summary>How values stand in rows: times as UTC milliseconds since 1970, hashes of 128 bits as 16 bytes.</summary>
internal static class SqlValues
{
    public static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long? Ms(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    public static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    public static DateTimeOffset? Time(long? ms) => ms is { } present ? Time(present) : null;

    public static byte[] Bytes(UInt128 hash)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return bytes;
    }

    /// <summary>Null: not 16 bytes, so nothing that was written here.</summary>
    public static UInt128? Hash(byte[] bytes) => bytes.Length == 16 ? BinaryPrimitives.ReadUInt128BigEndian(bytes) : null;
}
