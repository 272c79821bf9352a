using Sluice.Commands;

return await CommandTree.RunAsync(CommandTree.Build(ServeCommand.Create()), args);
