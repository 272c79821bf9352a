using System.Text;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIMedia;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIMedia;

/// <summary>Forms: the model is found where the upstream will find it, and whatever can be read in two ways is refused.</summary>
public sealed class FormScannerTests
{
    private const string Type = "multipart/form-data; boundary=XyZ";

    [Fact]
    public void Scan_OfAForm_FindsModelStreamAndWhatIsAskedFor()
    {
        var body = Form(Field("prompt", "a heron"), File("image", "PNG--XyZ not a delimiter"), Field("model", "acme/painter"), Field("n", "3"), Field("size", "1024x1024"), Field("stream", "true"));

        var (envelope, error) = FormScanner.Scan(WireProtocol.OpenAIChat, Type, body);

        Assert.Null(error);
        Assert.Equal(("acme/painter", true, true, 6), (envelope!.Model, envelope.Stream, envelope.IsForm, envelope.MemberCount));
        Assert.Equal("acme/painter", Encoding.UTF8.GetString(body, envelope.ModelValue.Start, envelope.ModelValue.Length));
        Assert.Equal((3, "1024x1024", 7), (envelope.Media!.Images, envelope.Media.Size, envelope.Media.TextBytes));
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=XyZ")]
    [InlineData("multipart/form-data; boundary=\"XyZ\"")]
    [InlineData("Multipart/Form-Data; charset=utf-8; Boundary=XyZ; x=y")]
    public void Scan_OfABoundaryHoweverItIsWritten_Works(string type) =>
        Assert.Equal("m", FormScanner.Scan(WireProtocol.OpenAIChat, type, Form(Field("model", "m"))).Envelope?.Model);

    [Fact]
    public void Edits_OfAForm_ReplaceTheModelAndNothingElse()
    {
        var body = Form(Field("model", "acme/painter"), File("image", "\r\n\0bytes"));
        var (envelope, _) = FormScanner.Scan(WireProtocol.OpenAIChat, Type, body);

        var edited = BodyEdits.ForModel(envelope!, body, "painter-1").Pieces(body).SelectMany(piece => piece.ToArray()).ToArray();

        Assert.Equal(Encoding.UTF8.GetString(Form(Field("model", "painter-1"), File("image", "\r\n\0bytes"))), Encoding.UTF8.GetString(edited));
    }

    [Fact]
    public void Scan_SecondFile_IsAFault()
    {
        // Whoever is asked may read either: a short one must not hide a long one.
        var (envelope, fault) = FormScanner.Scan(WireProtocol.OpenAIChat, Type, Form(Field("model", "m"), File("file", "long"), File("file", "short")));

        Assert.Null(envelope);
        Assert.Equal("`file` is given twice.", fault!.Message);
    }

    [Theory]
    [InlineData("form-data; name=\"model\"", "m", "`model` is given twice.")]
    [InlineData("form-data; name=model", "m", "`model` is given twice.")]
    [InlineData("form-data; name=\"mod\\el\"", "m", "`model` is given twice.")]
    [InlineData("form-data; name=\"x\"; name=\"model\"", "m", "A part of the form has no name, or more than one.")]
    [InlineData("form-data; name*=utf-8''model", "m", "A part of the form has no name, or more than one.")]
    [InlineData("form-data", "m", "A part of the form has no name, or more than one.")]
    public void Scan_OfASecondModelHoweverItIsNamed_Refuses(string disposition, string value, string says)
    {
        var body = Form(Field("model", "first"), $"Content-Disposition: {disposition}\r\n\r\n{value}");

        Assert.Equal(says, FormScanner.Scan(WireProtocol.OpenAIChat, Type, body).Error?.Message);
    }

    [Theory]
    [InlineData("", "The form does not begin with its boundary.")]
    [InlineData("--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv", "The form is not closed by its boundary.")]
    [InlineData("--XyZ\r\nContent-Disposition: form-data; name=\"a\"", "A part of the form has no head of its own.")]
    [InlineData("--XyZ", "A part of the form has no head of its own.")]
    [InlineData("--Other\r\n", "The form does not begin with its boundary.")]
    [InlineData("--XyZ\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\na\nb\r\n--XyZ--", "`model` must be a name.")]
    public void Scan_OfABrokenForm_SaysWhatIsWrong(string body, string says) =>
        Assert.Equal(says, FormScanner.Scan(WireProtocol.OpenAIChat, Type, Encoding.UTF8.GetBytes(body)).Error?.Message);

    [Fact]
    public void Scan_OfAnyBeginningOfAForm_NeverThrows()
    {
        var body = Form(Field("model", "m"), File("file", "bytes"), Field("n", "2"));
        for (var length = 0; length < body.Length; length++)
        {
            var (envelope, error) = FormScanner.Scan(WireProtocol.OpenAIChat, Type, body.AsSpan(0, length));
            Assert.True(envelope is null != error is null);
        }
    }

    private static string Field(string name, string value) => $"Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}";

    private static string File(string name, string bytes) => $"Content-Disposition: form-data; name=\"{name}\"; filename=\"a;b.png\"\r\nContent-Type: image/png\r\n\r\n{bytes}";

    private static byte[] Form(params string[] parts) => Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"--XyZ\r\n{part}\r\n")) + "--XyZ--\r\n");
}
