using BenchmarkDotNet.Running;
using Sluice.Bench.Micro;

// --check            compares bytes per operation with bench/allocations.json; exit code 1 when one grew
// --check --accept   writes the baseline
// --times [name]     microseconds per operation of the scenarios whose names contain it, for comparisons on one machine
// anything else      BenchmarkDotNet's own command line, for example --filter '*Scan*' --job short
if (args.Contains("--check"))
{
    return AllocationCheck.Run(accept: args.Contains("--accept"), Console.Out);
}

if (args is ["--times", ..])
{
    Times.Run(args.ElementAtOrDefault(1) ?? "", Console.Out);
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(AllocationCheck).Assembly).Run(args);
return 0;
