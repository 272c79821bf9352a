using Sluice.Bench.Load;

// Three roles in one program, each a process of its own, so that the operating system's accounting tells them apart.
return args switch
{
    ["upstream", var port] => await Upstream.RunAsync(int.Parse(port)),
    ["forwarder", var port, var target] => await Forwarder.RunAsync(int.Parse(port), new Uri(target)),
    _ => await Runner.RunAsync(args),
};
