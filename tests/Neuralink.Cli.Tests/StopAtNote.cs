namespace Neuralink.Cli.Tests;

/// <summary>Ends the command once it has noted how far it is.</summary>
internal sealed class StopAtNote : StringWriter
{
    private readonly string _note;
    private readonly CancellationTokenSource _stop;

    public StopAtNote(string note, CancellationTokenSource stop)
    {
        (_note, _stop) = (note, stop);
        NewLine = "\n";
    }

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (value?.Contains(_note, StringComparison.Ordinal) == true)
            _stop.Cancel();
    }
}
