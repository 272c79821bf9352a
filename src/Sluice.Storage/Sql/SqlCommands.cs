using System.Data.Common;

namespace Sluice.Storage.Sql;

/// <summary>Commands with parameters by name, written <c>@name</c>, as both stores take them.</summary>
internal static class SqlCommands
{
    /// <summary>A command to be run; the caller disposes of it.</summary>
    /// <param name="connection">Open.</param>
    /// <param name="text">Made of constants alone, never of what a caller sent.</param>
    /// <param name="values">Each is in the text.</param>
    public static DbCommand Command(this DbConnection connection, string text, IEnumerable<(string Name, object Value)> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
