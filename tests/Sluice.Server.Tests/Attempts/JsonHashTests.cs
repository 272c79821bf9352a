using System.Text;
using Sluice.Server.Attempts;

namespace Sluice.Server.Tests.Attempts;

public sealed class JsonHashTests
{
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""")]
    [InlineData("""{"m":{"turn":"t","meta":"{\"x\":1}"},"i":[1,{"p":null,"q":true}]}""", """{"i":[1,{"q":true,"p":null}],"m":{"meta":"{\"x\":1}","turn":"t"}}""")]
    [InlineData("""{"a":[]}""", """{ "a" : [ ] }""")]
    public void SameMembersInAnotherOrder_AreTheSame(string one, string other) => Assert.Equal(Of(one), Of(other));

    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"a":2,"b":1}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""")]
    [InlineData("""{"a":{"x":1},"b":{"y":1}}""", """{"a":{"y":1},"b":{"x":1}}""")]
    [InlineData("""{"a":"1"}""", """{"a":1}""")]
    [InlineData("""{"a":{}}""", """{"a":[]}""")]
    [InlineData("""{"a":true}""", """{"a":null}""")]
    [InlineData("""{"m":{"turn":"t1","b":1}}""", """{"m":{"turn":"t2","b":1}}""")]
    [InlineData("""{"a":1,"a":1}""", """{"b":1,"b":1}""")]
    public void OtherContent_IsAnother(string one, string other) => Assert.NotEqual(Of(one), Of(other));

    [Fact]
    public void DeepestBodyThatIngressTakes_IsRead()
    {
        var deep = new string('[', 511) + "{\"a\":1,\"b\":2}" + new string(']', 511);
        var turned = new string('[', 511) + "{\"b\":2,\"a\":1}" + new string(']', 511);

        Assert.Equal(Of(deep), Of(turned));
    }

    [Fact]
    public void WhatIsNoJson_IsItsBytes()
    {
        Assert.Equal(Of("{\"a\":tru}"), Of("{\"a\":tru}"));
        Assert.NotEqual(Of("{\"a\":tru}"), Of("{\"a\":fal}"));
    }

    private static int Of(string json) => JsonHash.Of(Encoding.UTF8.GetBytes(json));
}
