using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Storage;

/// <summary>What a running <c>serve</c> tells commands on the same machine: <c>DATA/serve.json</c>, readable by its owner alone.</summary>
/// <param name="Url">The first address it listens on, as a client would write it.</param>
/// <param name="ProcessId">Of the serving process.</param>
/// <param name="StartedAt">UTC.</param>
public sealed record ServeRecord(string Url, int ProcessId, DateTimeOffset StartedAt)
{
    /// <summary>Writes the record; to be called once the server listens.</summary>
    public void Write(string dataFolder) =>
        PrivateFolder.Write(PathIn(dataFolder), JsonSerializer.SerializeToUtf8Bytes(this, ServeRecordJson.Default.ServeRecord));

    /// <summary>Removes the record; to be called when the server stops.</summary>
    public static void Remove(string dataFolder) => File.Delete(PathIn(dataFolder));

    /// <summary>Reads the record; null where there is none that can be read.</summary>
    public static ServeRecord? Read(string dataFolder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(PathIn(dataFolder)), ServeRecordJson.Default.ServeRecord);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string PathIn(string dataFolder) => Path.Combine(dataFolder, "serve.json");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServeRecord))]
internal sealed partial class ServeRecordJson : JsonSerializerContext;
