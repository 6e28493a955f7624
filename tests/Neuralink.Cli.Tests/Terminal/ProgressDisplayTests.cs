using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Tests.Terminal;

public sealed class ProgressDisplayTests
{
    [Theory]
    [InlineData(10, 0.25, "working: 25%, 30 s left")]
    [InlineData(600, 0.5, "working: 50%, 10 min left")]
    [InlineData(36000, 0.5, "working: 50%, 10 h left")]
    [InlineData(10, 0, "working: 0%")]
    [InlineData(10, 1, "working: 100%")]
    public void Where_there_is_no_terminal_a_line_says_the_share_and_the_time_left(double seconds, double share, string line)
    {
        ManualTime time = new();
        using StringWriter error = new() { NewLine = "\n" };
        Surroundings surroundings = new()
        {
            In = null,
            Out = TextWriter.Null,
            Error = error,
            Variable = static _ => null,
            Time = time,
        };
        ProgressDisplay.Run(surroundings, "working", progress =>
        {
            progress.Report(share);      // too early to be said
            time.Seconds = (long)seconds;
            progress.Report(share);
        });
        error.ToString().Should().Be($"neuralink: {line}\n");
    }

    private sealed class ManualTime : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
