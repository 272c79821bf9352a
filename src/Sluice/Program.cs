using Sluice.Commands;

return await CommandTree.Build(ServeCommand.Create()).Parse(args).InvokeAsync();
