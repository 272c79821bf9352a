using System.Data.Common;

namespace Sluice.Storage.Sql;

/// <summary>Runs one statement for many rows: in one round trip for some hundreds of them where the driver can, else with one statement that is prepared once.</summary>
internal static class SqlRows
{
    // What one message to the database holds; a node that comes back from an outage may have a hundred thousand.
    private const int MostOfOneBatch = 500;

    /// <param name="transaction">Of the connection to use.</param>
    /// <param name="sql">With its parameters by name.</param>
    /// <param name="names">Of the parameters.</param>
    /// <param name="rows">Their values, in that order.</param>
    public static async Task ExecuteAsync(DbTransaction transaction, string sql, string[] names, IEnumerable<object?[]> rows)
    {
        var connection = transaction.Connection!;
        if (!connection.CanCreateBatch)
        {
            await ExecuteEachAsync(transaction, sql, names, rows);
            return;
        }

        foreach (var chunk in rows.Chunk(MostOfOneBatch))
        {
            await using var batch = connection.CreateBatch();
            batch.Transaction = transaction;
            foreach (var row in chunk)
            {
                var command = batch.CreateBatchCommand();
                command.CommandText = sql;
                for (var i = 0; i < names.Length; i++)
                {
                    var parameter = command.CreateParameter();
                    (parameter.ParameterName, parameter.Value) = (names[i], row[i] ?? DBNull.Value);
                    command.Parameters.Add(parameter);
                }

                batch.BatchCommands.Add(command);
            }

            await batch.ExecuteNonQueryAsync();
        }
    }

    private static async Task ExecuteEachAsync(DbTransaction transaction, string sql, string[] names, IEnumerable<object?[]> rows)
    {
        await using var command = transaction.Connection!.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        foreach (var name in names)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        foreach (var row in rows)
        {
            for (var i = 0; i < names.Length; i++)
            {
                command.Parameters[i].Value = row[i] ?? DBNull.Value;
            }

            await command.ExecuteNonQueryAsync();
        }
    }
}
