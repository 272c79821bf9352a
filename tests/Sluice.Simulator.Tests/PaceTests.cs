using System.Text;

namespace Sluice.Simulator.Tests;

public sealed class PaceTests
{
    [Fact]
    public async Task Paced_Stream_WaitsBeforeEachDelta()
    {
        var time = new InstantTime();
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = time, Speed = SimulatorSpeed.Paced(10) });
        using var answer = await Caller.PostAsync(host, "/v1/messages", Caller.Messages("sim/burst/5", "x", stream: true));
        Assert.Equal(5, SseEvent.Read(await answer.Content.ReadAsStringAsync()).Count(e => e.Name == "content_block_delta"));
        Assert.Equal(Enumerable.Repeat(TimeSpan.FromMilliseconds(100), 5), time.Waits);
    }

    [Fact]
    public async Task FirstByteDelay_IsWaitedForOnce()
    {
        var time = new InstantTime();
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = time, FirstByteDelay = TimeSpan.FromSeconds(180) });
        await Caller.JsonAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x"));
        Assert.Equal([TimeSpan.FromSeconds(180)], time.Waits);
    }

    [Fact]
    public async Task SlowTrickle_IsTheRightAnswerInSmallPieces()
    {
        var time = new InstantTime();
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = time });
        var body = Caller.Messages("sim/echo", "one two three", stream: true);
        using var right = await Caller.PostAsync(host, "/v1/messages", body);
        using var slow = await Caller.PostAsync(host, "/v1/messages", body, fault: "slow-trickle;delay=250");
        var bytes = await right.Content.ReadAsByteArrayAsync();
        Assert.Equal(Encoding.UTF8.GetString(bytes), await slow.Content.ReadAsStringAsync());
        Assert.True(time.Waits.Count >= bytes.Length / 7);
        Assert.All(time.Waits, w => Assert.Equal(TimeSpan.FromMilliseconds(250), w));
    }

    [Theory]
    [InlineData("/v1/messages")]
    [InlineData("/v1/chat/completions")]
    public async Task Burst_Stream_HasTheSameBytesAsEventByEvent(string path)
    {
        await using var each = await SimulatorHost.StartAsync(new SimulatorOptions());
        await using var burst = await SimulatorHost.StartAsync(new SimulatorOptions { Speed = SimulatorSpeed.Burst });
        var body = Caller.Messages("sim/burst/1000", "x", stream: true);
        using var one = await Caller.PostAsync(each, path, body);
        using var other = await Caller.PostAsync(burst, path, body);
        Assert.Equal(await one.Content.ReadAsStringAsync(), await other.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Dispose_WithAStalledStream_DoesNotWaitForIt()
    {
        var host = await SimulatorHost.StartAsync(new SimulatorOptions());
        using var socket = await Caller.SendRawAsync(host, "/v1/messages", Caller.Messages("sim/echo", "x", stream: true), "x-sim-fault: stall\r\n");
        await host.Record.WaitForAsync(r => r.BytesSent > 0, Caller.Patience);
        Assert.Equal(1, host.Record.MaxInFlight);
        await host.DisposeAsync().AsTask().WaitAsync(Caller.Patience);
    }

    /// <summary>A clock whose timers fire at once and are written down.</summary>
    private sealed class InstantTime : TimeProvider
    {
        private readonly List<TimeSpan> _waits = [];

        public IReadOnlyList<TimeSpan> Waits
        {
            get
            {
                lock (_waits)
                {
                    return [.. _waits];
                }
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_waits)
            {
                _waits.Add(dueTime);
            }

            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
