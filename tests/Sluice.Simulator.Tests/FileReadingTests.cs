namespace Sluice.Simulator.Tests;

/// <summary>An agent is made to read the file that its user named by whatever tool it has for that.</summary>
public sealed class FileReadingTests : IAsyncLifetime
{
    private const string Reader = """{"type":"function","name":"read_file","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}""";
    private const string CommandLine = """{"type":"function","name":"exec_command","parameters":{"type":"object","properties":{"cmd":{"type":"string"},"tty":{"type":"boolean"}}}}""";
    private const string Words = """{"type":"function","name":"shell","parameters":{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}}}}}""";
    private const string Script = """{"type":"namespace","name":"functions","tools":[{"type":"custom","name":"exec"}]}""";
    private const string FoldedScript = """{"type":"function","name":"functions__exec","parameters":{"type":"object","properties":{"input":{"type":"string"}}}}""";

    private SimulatorHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(CommandLine + "," + Reader, "read_file", """{"path":"/p/it's/notes.txt"}""")]
    [InlineData(Script + "," + CommandLine, "exec_command", """{"cmd":"cat '/p/it'\\''s/notes.txt'"}""")]
    [InlineData(Words, "shell", """{"command":["cat","/p/it's/notes.txt"]}""")]
    [InlineData(Script, "exec", """const r = await tools.exec_command({"cmd":"cat '/p/it'\\''s/notes.txt'"}); text(r.output);""")]
    [InlineData(FoldedScript, "functions__exec", """{"input":"const r = await tools.exec_command({\"cmd\":\"cat '/p/it'\\\\''s/notes.txt'\"}); text(r.output);"}""")]
    public async Task FileMention_AgentsTools_AreCalledAsTheyWantIt(string tools, string name, string given)
    {
        var answer = await Caller.JsonAsync(_host, "/v1/responses",
            """{"model":"any","input":[{"role":"user","content":"<cwd>/p/it's</cwd>"},{"role":"user","content":"Read notes.txt."}],"tools":[""" + tools + "]}");

        var call = Assert.Single(answer.GetProperty("output").EnumerateArray());
        Assert.Equal(name, call.GetProperty("name").GetString());
        Assert.Equal(given, (call.TryGetProperty("input", out var text) ? text : call.GetProperty("arguments")).GetString());
    }

    [Theory]
    [InlineData("""{"type":"function","name":"exec","parameters":{"type":"object","properties":{"command":{"type":"string"}}}}""")]
    [InlineData("""{"type":"function","name":"shell","parameters":{"type":"object","properties":{}}}""")]
    public async Task FileMention_OtherTools_AreNotCalled(string tool)
    {
        var answer = await Caller.JsonAsync(_host, "/v1/responses", """{"model":"any","input":"Read notes.txt.","tools":[""" + tool + "]}");

        Assert.Equal("message", Assert.Single(answer.GetProperty("output").EnumerateArray()).GetProperty("type").GetString());
    }
}
