using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Anthropic's typed tools that the client runs (<c>bash_20250124</c> and its like) have no schema on the wire, since Claude knows them. Other
/// models are given an equal function; their calls then look as the client expects.
/// </summary>
internal static class ClientTools
{
    private const string Bash = """{"type":"object","properties":{"command":{"type":"string","description":"The command to run."},"restart":{"type":"boolean","description":"True to restart the shell instead of running a command."}}}""";

    private const string TextEditor = """{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"],"description":"What to do."},"path":{"type":"string","description":"Absolute path of the file or folder."},"file_text":{"type":"string","description":"For create: the whole text of the new file."},"old_str":{"type":"string","description":"For str_replace: the text to replace; must occur exactly once."},"new_str":{"type":"string","description":"For str_replace: the new text. For older versions of insert: the text to insert."},"insert_text":{"type":"string","description":"For insert: the text to insert."},"insert_line":{"type":"integer","description":"For insert: the line after which to insert, 0 for the start."},"view_range":{"type":"array","items":{"type":"integer"},"description":"For view: first and last line, -1 for the end."}},"required":["command","path"]}""";

    private const string Memory = """{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"],"description":"What to do."},"path":{"type":"string","description":"Path under /memories."},"view_range":{"type":"array","items":{"type":"integer"},"description":"For view: first and last line."},"file_text":{"type":"string","description":"For create: the whole text."},"old_str":{"type":"string","description":"For str_replace: the text to replace."},"new_str":{"type":"string","description":"For str_replace: the new text."},"insert_line":{"type":"integer","description":"For insert: the line after which to insert."},"insert_text":{"type":"string","description":"For insert: the text to insert."},"old_path":{"type":"string","description":"For rename: the present path."},"new_path":{"type":"string","description":"For rename: the new path."}},"required":["command"]}""";

    /// <summary>The function that stands for <paramref name="tool"/>; null when it is not a client's tool.</summary>
    public static FunctionTool? FunctionFor(VendorTool tool) =>
        tool.Type.StartsWith("bash_", StringComparison.Ordinal)
            ? new FunctionTool(tool.Name, "Run a command in a persistent bash shell.", RawJson.FromText(Bash)) { Cache = tool.Cache }
        : tool.Type.StartsWith("text_editor_", StringComparison.Ordinal)
            ? new FunctionTool(tool.Name, "View, create and edit text files.", RawJson.FromText(TextEditor)) { Cache = tool.Cache }
        : tool.Type.StartsWith("memory_", StringComparison.Ordinal)
            ? new FunctionTool(tool.Name, "Read and write notes that outlive the conversation, as files under /memories.", RawJson.FromText(Memory)) { Cache = tool.Cache }
        : null;
}
