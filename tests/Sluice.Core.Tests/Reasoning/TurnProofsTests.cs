using Sluice.Core.Reasoning;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Reasoning;

public sealed class TurnProofsTests
{
    private static readonly ThinkingPart Signed = new("why") { Signature = "sig-1", SignedBy = WireProtocol.AnthropicMessages };
    private static readonly ThinkingPart Second = new("then") { Signature = "sig-2", SignedBy = WireProtocol.AnthropicMessages };

    [Fact]
    public async Task Restore_NothingKeptForTheUser_IsTheSameRequest()
    {
        await using var memory = await MemoryAsync();
        Recorder(memory, "bert").Take([Signed, Call("call_1")]);
        var request = Request(Call("call_1"));

        Assert.Same(request, TurnProofs.Restore(request, memory, "anna", session: null));
    }

    [Fact]
    public async Task Restore_ThinkingStandsWhereItStood()
    {
        await using var memory = await MemoryAsync();
        Recorder(memory).Take([Signed, new TextPart("I look."), Call("call_1"), Second, Call("call_2"), Call("call_3")]);

        var restored = Parts(Request(new TextPart("I look."), Call("call_1"), Call("call_2"), Call("call_3")), memory);

        Assert.Equal([Signed, new TextPart("I look."), Call("call_1"), Second, Call("call_2"), Call("call_3")], restored);
    }

    [Theory]
    [InlineData("call_1dd9", "call1dd9", """{"a":1,"b":[1.0,"é"]}""", """ { "b" : [ 1, "\u00e9" ], "a" : 1e0 } """)]
    [InlineData("a:b.c", "abc", "", "{}")]
    public async Task Restore_IdsAndArgumentsSpelledOtherwise_AreTheSameCall(string told, string brought, string toldArguments, string broughtArguments)
    {
        await using var memory = await MemoryAsync();
        Recorder(memory).Take([Signed, Call(told, toldArguments)]);

        Assert.Equal(Signed, Parts(Request(Call(brought, broughtArguments)), memory)[0]);
    }

    [Theory]
    [InlineData("call_2", "look", """{"a":1}""")]
    [InlineData("call_1", "see", """{"a":1}""")]
    [InlineData("call_1", "look", """{"a":2}""")]
    public async Task Restore_AnotherCall_GetsNothing(string id, string name, string arguments)
    {
        await using var memory = await MemoryAsync();
        Recorder(memory).Take([Signed, Call("call_1", """{"a":1}""")]);

        Assert.Single(Parts(Request(new ToolCallPart(id, name, RawJson.FromText(arguments))), memory));
    }

    [Fact]
    public async Task Restore_TurnWithAProofOfItsOwn_IsLeftAsItIs()
    {
        await using var memory = await MemoryAsync();
        Recorder(memory).Take([Signed, Call("call_1")]);
        var carried = Request(Signed with { Signature = "its own" }, Call("call_1"));
        var google = Request(Call("call_1") with { Extra = RawJson.FromText("""{"extra_content":{"google":{"thought_signature":"x"}}}""") });

        Assert.Same(carried, TurnProofs.Restore(carried, memory, "anna", session: null));
        Assert.Same(google, TurnProofs.Restore(google, memory, "anna", session: null));
    }

    [Fact]
    public async Task Restore_ClientKeptTheTextWithoutItsProof_HasItOnce()
    {
        await using var memory = await MemoryAsync();
        Recorder(memory).Take([Signed, Call("call_1")]);

        Assert.Equal([Signed, Call("call_1")], Parts(Request(new ThinkingPart("why") { SignedBy = WireProtocol.OpenAIChat }, Call("call_1")), memory));
    }

    [Fact]
    public async Task Restore_PlainThinking_OnlyWhereTheProviderWantsItBack()
    {
        var plain = new ThinkingPart("why") { SignedBy = WireProtocol.OpenAIChat };
        await using var memory = await MemoryAsync();
        Recorder(memory).Take([plain, Call("call_1")]);
        Recorder(memory, keepsPlain: true).Take([plain, Call("call_2")]);

        Assert.Equal([Call("call_1")], Parts(Request(Call("call_1")), memory));
        Assert.Equal([plain, Call("call_2")], Parts(Request(Call("call_2")), memory));
        Assert.Equal([plain, Call("call_2")], Parts(Request(plain, Call("call_2")), memory));
    }

    [Fact]
    public async Task Restore_TurnWithoutCalls_ByItsTextInItsSession()
    {
        await using var memory = await MemoryAsync();
        Recorder(memory, session: "s1").Take([Signed, new TextPart("Do"), new TextPart("ne.")]);
        var request = Request(new TextPart("Done."));

        Assert.Equal([Signed, new TextPart("Done.")], TurnProofs.Restore(request, memory, "anna", "s1").Messages[1].Parts);
        Assert.Same(request, TurnProofs.Restore(request, memory, "anna", "s2"));
        Assert.Same(request, TurnProofs.Restore(request, memory, "anna", session: null));
    }

    [Fact]
    public async Task Restore_TheSameCallTwice_HasItsVendorsIdOnce()
    {
        var named = Signed with { Id = "rs_1" };
        await using var memory = await MemoryAsync();
        Recorder(memory).Take([named, Call("call_0")]);
        var request = Request(Call("call_0"));
        request = request with { Messages = [.. request.Messages, .. request.Messages] };

        var restored = TurnProofs.Restore(request, memory, "anna", session: null);

        Assert.Equal([named, Call("call_0")], restored.Messages[1].Parts);
        Assert.Equal([named with { Id = null }, Call("call_0")], restored.Messages[3].Parts);
    }

    private static ToolCallPart Call(string id, string arguments = "{}") => new(id, "look", RawJson.FromText(arguments));

    private static TurnRecorder Recorder(IReasoningMemory memory, string user = "anna", string? session = null, bool keepsPlain = false) => new(memory, user, session, keepsPlain);

    private static IReadOnlyList<ContentPart> Parts(ConversationRequest request, IReasoningMemory memory) => TurnProofs.Restore(request, memory, "anna", session: null).Messages[1].Parts;

    private static ConversationRequest Request(params ContentPart[] answer) => new()
    {
        From = WireProtocol.OpenAIChat,
        Model = "m",
        Messages = [new Message(Role.User, [new TextPart("go")]), new Message(Role.Assistant, answer)],
    };

    private static Task<ReasoningMemory> MemoryAsync() => ReasoningMemory.OpenAsync(new ListStore(), new ReasoningMemoryOptions(), new ManualTimeProvider(), CancellationToken.None);
}
