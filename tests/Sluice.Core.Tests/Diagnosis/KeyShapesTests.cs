using Sluice.Core.Diagnosis;
using Xunit;

namespace Sluice.Core.Tests.Diagnosis;

/// <summary>What looks like a key, and what only begins like one. Keys are put together here, so that this file holds none.</summary>
public sealed class KeyShapesTests
{
    private const string Tail = "Zx9mQ2vL7tRw4KpN8sYb3HcJ6fDg1aUe5oTi0";

    [Theory]
    [InlineData("sk-ant-", "api03-" + Tail, "Anthropic")]
    [InlineData("sk-or-v1-", "0123456789abcdef0123456789abcdef", "OpenRouter")]
    [InlineData("sk-proj-", Tail, "OpenAI")]
    [InlineData("sk-", Tail, "OpenAI")]
    [InlineData("AIza", "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", "Google")]
    [InlineData("gsk_", Tail + "abcd", "Groq")]
    [InlineData("xai-", Tail + "abcd", "xAI")]
    [InlineData("pplx-", Tail + "abcd", "Perplexity")]
    [InlineData("AKIA", "3X7PQ9WZ1KMB5TRV", "AWS")]
    public void B20_KeyOfAVendor_IsFoundInItsLine(string beginning, string tail, string vendor) =>
        Assert.Equal([new KeyPlace(3, vendor)], KeyShapes.Find($"first\nsecond\nkey: \"{beginning}{tail}\"\nfourth"));

    [Theory]
    [InlineData("a task-management-system-with-many-words-in-it-1234567890")]
    [InlineData("sk-ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    [InlineData("sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1")]
    [InlineData("sk-learn and sk-estimator-html-doc")]
    [InlineData("${OPENAI_API_KEY}")]
    public void B20_WhatOnlyBeginsLikeAKey_IsNone(string text) => Assert.Empty(KeyShapes.Find(text));
}
