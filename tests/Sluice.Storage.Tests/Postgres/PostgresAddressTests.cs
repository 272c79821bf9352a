using Npgsql;
using Sluice.Storage.Postgres;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresAddressTests
{
    [Fact]
    public void Read_TakesEveryPart_AndDecodesWhatIsEncoded()
    {
        var built = PostgresAddress.Read("postgresql://dev%40corp:p%3Aw%2F1@db.example:6543/sluice%2Fone?sslmode=verify-full&connect_timeout=9");

        Assert.Equal(("dev@corp", "p:w/1", "db.example", 6543, "sluice/one"), (built.Username, built.Password, built.Host, built.Port, built.Database));
        Assert.Equal((SslMode.VerifyFull, 9), (built.SslMode, built.Timeout));
    }

    [Fact]
    public void Read_WithoutPort_TakesTheUsualOne() => Assert.Equal(5432, PostgresAddress.Read("postgres://db/sluice").Port);

    [Theory]
    [InlineData("postgres://", "is no address")]
    [InlineData("postgres://db", "is no address")]
    [InlineData("postgres://dev:1/secret1@db/sluice", "is no address")]
    [InlineData("postgres://dev:12/secret1/more@db/sluice", "is no address")]
    [InlineData("postgres://dev:secret1@db/sluice?colour=blue", "\"colour\"")]
    [InlineData("postgres://dev:secret1@db/sluice?sslmode=secret1", "\"sslmode\"")]
    public void Read_WhatIsNone_IsRefusedWithoutItsSecrets(string address, string said)
    {
        var refused = Assert.Throws<StoreUnusableException>(() => PostgresAddress.Read(address));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret1", refused.Message, StringComparison.Ordinal);
    }
}
