using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Commands.Conformance;
using Sluice.Commands.Drills;
using Sluice.Commands.Setup;
using Sluice.Server.Diagnosis;

namespace Sluice.Commands;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(List<JsonElement>))]
[JsonSerializable(typeof(ConformanceAnswer))]
[JsonSerializable(typeof(DrillAnswer))]
[JsonSerializable(typeof(DoctorQuestion))]
[JsonSerializable(typeof(DoctorAnswer))]
[JsonSerializable(typeof(SetupRecord))]
[JsonSerializable(typeof(SetupAnswer))]
[JsonSerializable(typeof(List<EffectiveSetting>))]
internal sealed partial class CommandJson : JsonSerializerContext;
