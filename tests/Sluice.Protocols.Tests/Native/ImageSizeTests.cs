using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class ImageSizeTests
{
    // Each by its format's description, with a tail as a file has it.
    private static readonly Dictionary<string, byte[]> Headers = new()
    {
        ["png"] = [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 3, 0x20, 0, 0, 2, 0x58, 8, 6, 0, 0, 0],
        ["gif"] = [.. "GIF89a"u8, 0x20, 0x03, 0x58, 0x02, 0xF7, 0, 0],
        ["webp lossy"] = [.. "RIFF"u8, 1, 2, 3, 4, .. "WEBPVP8 "u8, 0, 1, 0, 0, 0x30, 1, 2, 0x9D, 1, 0x2A, 0x20, 0x03, 0x58, 0x02],
        ["webp lossless"] = [.. "RIFF"u8, 1, 2, 3, 4, .. "WEBPVP8L"u8, 0, 1, 0, 0, 0x2F, 0x1F, 0xC3, 0x95, 0x00],
        ["webp extended"] = [.. "RIFF"u8, 1, 2, 3, 4, .. "WEBPVP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, 0x1F, 3, 0, 0x57, 2, 0],
        ["jpeg"] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, .. "JFIF"u8, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xFF, 0xC0, 0, 17, 8, 0x02, 0x58, 0x03, 0x20, 3],
        ["jpeg with a large thumbnail, progressive"] = [0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xFE, .. new byte[0xFFFC], 0xFF, 0xC4, 0, 3, 0, 0xFF, 0xC2, 0, 17, 8, 0x02, 0x58, 0x03, 0x20, 3],
    };

    public static TheoryData<string> Names => [.. Headers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_HeaderOfEachFormat_IsItsSize(string name)
    {
        var base64 = System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String([.. Headers[name], .. new byte[100]]));

        Assert.Equal((800, 600), ImageSize.Read(base64));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_HeaderCutAnywhere_IsNothingOrItsSize(string name)
    {
        var base64 = System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(Headers[name]));
        for (var length = 0; length < base64.Length; length += 1 + (length / 100))
        {
            Assert.Contains(ImageSize.Read(base64.AsSpan(0, length)), new (int, int)?[] { null, (800, 600) });
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64 at all, and longer than any header of a picture would be")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("/9j/////////////////////////////////////////////////////////////////////")]
    [InlineData("iVBORw0KGgoAAAANSUhEUgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("iVBORw0KGgoAAAANSUhEUv//////////AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Read_OtherBytes_IsNothing(string text) => Assert.Null(ImageSize.Read(System.Text.Encoding.UTF8.GetBytes(text)));
}
