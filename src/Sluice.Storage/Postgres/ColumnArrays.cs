using Npgsql;
using NpgsqlTypes;

namespace Sluice.Storage.Postgres;

/// <summary>
/// Rows as one array for each column, to be taken apart by <c>unnest</c>: a thousand rows are one statement. Types are written as one letter a column,
/// in the order of the values: t text, i integer, b bigint, f boolean.
/// </summary>
internal static class ColumnArrays
{
    /// <summary><c>$2, $3, …</c>, for the arguments of <c>unnest</c>.</summary>
    /// <param name="first">Number of the first parameter.</param>
    /// <param name="count">Columns.</param>
    public static string Parameters(int first, int count) => string.Join(", ", Enumerable.Range(first, count).Select(number => $"${number}"));

    /// <summary>Adds a parameter for each column.</summary>
    public static void Add(NpgsqlParameterCollection parameters, string types, IReadOnlyList<object?[]> rows)
    {
        for (var column = 0; column < types.Length; column++)
        {
            parameters.Add(types[column] switch
            {
                't' => Array(rows, column, value => Text((string?)value), NpgsqlDbType.Text),
                'i' => Array(rows, column, value => (int?)value, NpgsqlDbType.Integer),
                'b' => Array(rows, column, value => (long?)value, NpgsqlDbType.Bigint),
                'f' => Array(rows, column, value => (bool?)value, NpgsqlDbType.Boolean),
                var letter => throw new ArgumentException($"{letter} is no type.", nameof(types)),
            });
        }
    }

    /// <summary>One array.</summary>
    public static NpgsqlParameter Of<T>(T[] values, NpgsqlDbType type) => new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };

    // PostgreSQL refuses the character 0 in a text, which a client may well send: one such row must not hold up the ledger.
    private static string? Text(string? value) => value is not null && value.Contains('\0', StringComparison.Ordinal) ? value.Replace('\0', '\uFFFD') : value;

    private static NpgsqlParameter Array<T>(IReadOnlyList<object?[]> rows, int column, Func<object?, T> read, NpgsqlDbType type)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = read(rows[i][column]);
        }

        return Of(values, type);
    }
}
