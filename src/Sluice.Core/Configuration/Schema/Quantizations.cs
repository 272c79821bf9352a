namespace Sluice.Core.Configuration.Schema;

/// <summary>The words for how a model's weights are kept, as OpenRouter lists them.</summary>
internal static class Quantizations
{
    /// <summary>All of them; <c>unknown</c> is what an endpoint has that says nothing.</summary>
    public static readonly IReadOnlyList<string> Words =
        ["int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", Unknown];

    /// <summary>Of an endpoint that says nothing.</summary>
    public const string Unknown = "unknown";
}
