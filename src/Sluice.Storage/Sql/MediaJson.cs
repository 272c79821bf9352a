using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Protocols.Conversation;

namespace Sluice.Storage.Sql;

/// <summary>The units of images, sound and video as one column: few attempts have any, and nothing sums them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(MediaUsage))]
internal sealed partial class MediaJson : JsonSerializerContext
{
    /// <summary>Null for attempts of text.</summary>
    public static string? Write(MediaUsage? usage) => usage is null ? null : JsonSerializer.Serialize(usage, Default.MediaUsage);

    /// <summary>What <see cref="Write"/> wrote.</summary>
    public static MediaUsage? Read(string? text) => text is null ? null : JsonSerializer.Deserialize(text, Default.MediaUsage);
}
