using System.Text;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Core.Routing.Preferences;
using Sluice.Protocols;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class PreferencesReaderTests
{
    private static PreferencesResult Read(string members, WireProtocol protocol = WireProtocol.OpenAIChat)
    {
        var body = Encoding.UTF8.GetBytes("{\"model\":\"m\"," + members + "}");
        return RequestPreferences.Read(EnvelopeScanner.Scan(protocol, body).Envelope!, body);
    }

    private static ProviderPreferences Provider(string value)
    {
        var (preferences, error) = Read("\"provider\":" + value);
        Assert.Null(error);
        return preferences;
    }

    [Fact]
    public void A20_Lists_AreReadAsWritten()
    {
        var read = Provider("""{"order":["anthropic","google"],"only":["openai"],"ignore":["DeepInfra"," Moonshot AI "],"quantizations":["FP8","int4"]}""");

        Assert.Equal(["anthropic", "google"], read.Order);
        Assert.Equal(["openai"], read.Only);
        Assert.Equal(["DeepInfra", "Moonshot AI"], read.Ignore);
        Assert.Equal(["fp8", "int4"], read.Quantizations);
    }

    [Fact]
    public void Switches_AreRead()
    {
        var read = Provider("""{"allow_fallbacks":false,"require_parameters":true,"data_collection":"deny","zdr":true,"enforce_distillable_text":true}""");

        Assert.Equal((false, true, true, true, true), (read.AllowFallbacks, read.RequireParameters, read.DenyDataCollection, read.ZeroDataRetention, read.EnforceDistillableText));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"order":null,"sort":null,"max_price":null,"zdr":null,"preferred_max_latency":null}""")]
    [InlineData("""{"allow_fallbacks":true,"data_collection":"allow","zdr":false,"later":{"member":[1,{}]}}""")]
    public void Nothing_Asked_IsTheOneThatWantsNothing(string value) => Assert.Same(ProviderPreferences.None, Provider(value));

    [Theory]
    [InlineData("\"price\"", RouteSort.Price, false)]
    [InlineData("\"Throughput\"", RouteSort.Throughput, false)]
    [InlineData("""{"by":"latency"}""", RouteSort.Latency, false)]
    [InlineData("""{"by":"exacto","partition":"model"}""", RouteSort.Exacto, false)]
    [InlineData("""{"partition":"none","by":"price","more":{}}""", RouteSort.Price, true)]
    public void D4_Sort_AsWordOrObject_IsRead(string sort, RouteSort expected, bool across)
    {
        var read = Provider($$"""{"sort":{{sort}}}""");

        Assert.Equal((expected, across), (read.Sort, read.SortAcrossModels));
    }

    [Fact]
    public void Numbers_AsNumbersOrStrings_AreRead()
    {
        var read = Provider("""{"max_price":{"prompt":1,"completion":"2.5","request":"0","image":null,"audio":1e-3},"preferred_min_throughput":"50","preferred_max_latency":{"p50":1,"p90":"2.5","p77":9}}""");

        Assert.Equal(new PriceLimit(1, 2.5m, 0, null, 0.001m), read.MaxPrice);
        Assert.Equal(new Percentiles(50, null, null, null), read.PreferredMinThroughput);
        Assert.Equal(new Percentiles(1, null, 2.5, null), read.PreferredMaxLatency);
    }

    [Theory]
    [InlineData("\"anthropic\"", "provider")]
    [InlineData("[]", "provider")]
    [InlineData("""{"order":"anthropic"}""", "provider.order")]
    [InlineData("""{"only":[1]}""", "provider.only")]
    [InlineData("""{"ignore":[["x"]]}""", "provider.ignore")]
    [InlineData("""{"zdr":"yes"}""", "provider.zdr")]
    [InlineData("""{"data_collection":"sometimes"}""", "provider.data_collection")]
    [InlineData("""{"quantizations":["fp3"]}""", "provider.quantizations")]
    [InlineData("""{"sort":"cheap"}""", "provider.sort")]
    [InlineData("""{"sort":3}""", "provider.sort")]
    [InlineData("""{"sort":{"by":"cheap"}}""", "provider.sort.by")]
    [InlineData("""{"sort":{"by":"price","partition":"all"}}""", "provider.sort.partition")]
    [InlineData("""{"max_price":5}""", "provider.max_price")]
    [InlineData("""{"max_price":{"prompt":"much"}}""", "provider.max_price.prompt")]
    [InlineData("""{"max_price":{"completion":-1}}""", "provider.max_price.completion")]
    [InlineData("""{"preferred_min_throughput":{"p90":{}}}""", "provider.preferred_min_throughput.p90")]
    [InlineData("""{"preferred_max_latency":"fast"}""", "provider.preferred_max_latency")]
    public void Member_NotUnderstood_IsA400ThatNamesIt(string value, string param)
    {
        var error = Read("\"provider\":" + value).Error!;

        Assert.Equal((400, param), (error.Status, error.Param));
        Assert.Contains($"`{param}`", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void List_TooLong_IsRefused()
    {
        Assert.Null(Read("\"provider\":{\"only\":[" + string.Join(',', Enumerable.Repeat("\"a\"", 64)) + "]}").Error);
        Assert.Equal("provider.only", Read("\"provider\":{\"only\":[" + string.Join(',', Enumerable.Repeat("\"a\"", 65)) + "]}").Error!.Param);
        Assert.Equal("provider.only", Read("\"provider\":{\"only\":[\"" + new string('a', 129) + "\"]}").Error!.Param);
    }

    [Theory]
    [InlineData("\"fallback\"", false)]
    [InlineData("\"sort\"", true)]
    [InlineData("null", false)]
    public void Route_OlderWord_MeansThePartition(string route, bool across)
    {
        Assert.Equal(across, Read($$""" "route":{{route}},"provider":{"sort":"price"} """).Preferences.SortAcrossModels);
        Assert.Equal(across, Read($$""" "provider":{"sort":"price"},"route":{{route}} """).Preferences.SortAcrossModels);
    }

    [Theory]
    [InlineData(""" "route":"best" """, "route")]
    [InlineData(""" "models":"a/b" """, "models")]
    [InlineData(""" "models":[1] """, "models")]
    [InlineData(""" "fallbacks":[{"model":"a"},{"model":"b"},{"model":"c"},{"model":"d"}] """, "fallbacks")]
    [InlineData(""" "fallbacks":[{"model":"a","max_tokens":5}] """, "fallbacks")]
    [InlineData(""" "fallbacks":[{}] """, "fallbacks")]
    [InlineData(""" "models":["a"],"fallbacks":[{"model":"b"}] """, "fallbacks")]
    public void D2_ModelLists_Malformed_AreRefusedOnEverySurface(string members, string param)
    {
        foreach (var protocol in (WireProtocol[])[WireProtocol.AnthropicMessages, WireProtocol.OpenAIChat, WireProtocol.OpenAIResponses, WireProtocol.Gemini])
        {
            Assert.Equal((400, param), (Read(members, protocol).Error!.Status, Read(members, protocol).Error!.Param!));
        }
    }

    [Theory]
    [InlineData(""" "models":["a/b","c/d"] """)]
    [InlineData(""" "fallbacks":[{"model":"a"},{"model":"b"},{"model":"c"}] """)]
    [InlineData(""" "fallbacks":["a"],"models":null """)]
    public void D2_ModelLists_WellFormed_Pass(string members) => Assert.Null(Read(members).Error);

    [Fact]
    public void Bytes_Mutated_AreAPreferenceOrA400AndNeverAnException()
    {
        var random = new Random(4711);
        var valid = Encoding.UTF8.GetBytes("""{"provider":{"order":["a","b"],"sort":{"by":"price","partition":"none"},"max_price":{"prompt":"1"},"preferred_max_latency":{"p50":1}},"models":["x"],"model":"m"}""");
        for (var i = 0; i < 5000; i++)
        {
            var body = (byte[])valid.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(32, 127);
            }

            if (EnvelopeScanner.Scan(WireProtocol.OpenAIChat, body).Envelope is { } envelope && RequestPreferences.Read(envelope, body).Error is { } error)
            {
                Assert.Equal(400, error.Status);
            }
        }
    }
}
