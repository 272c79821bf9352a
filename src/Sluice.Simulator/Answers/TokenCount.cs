namespace Sluice.Simulator.Answers;

/// <summary>The simulator's tokenizer: four bytes of UTF-8 are a token, a begun one counts.</summary>
internal static class TokenCount
{
    public const int BytesPerToken = 4;

    public static int Of(long bytes) => checked((int)((bytes + BytesPerToken - 1) / BytesPerToken));

    public static int Of(string text) => Of(System.Text.Encoding.UTF8.GetByteCount(text));
}
