using System.Runtime.InteropServices;
using Neuralink.Cli;
using Neuralink.Cli.Terminal;

using StandardStreams streams = StandardStreams.Open();
// Each of these ends the work in an orderly way, and nothing temporary stays; what was ignored when the program was started (nohup) stays
// ignored. SIGQUIT asks for a core dump and is the system's: what is left then, the next run removes.
(PosixSignal Signal, int Code)[] endings =
    [(PosixSignal.SIGINT, ExitCode.Cancelled), (PosixSignal.SIGTERM, ExitCode.Terminated), (PosixSignal.SIGHUP, ExitCode.HungUp)];
using CancellationTokenSource stop = new();
int signalled = 0;
Interrupts interrupts = new();
PosixSignalRegistration[] registrations =
    [.. endings.Select(ending => PosixSignalRegistration.Create(ending.Signal, context => Stop(context, ending.Code)))];
int code = await NeuralinkCommand.RunAsync(args, Surroundings.OfProcess(streams) with { Interrupts = interrupts }, stop.Token);
foreach (PosixSignalRegistration registration in registrations)
    registration.Dispose();
return code == ExitCode.Cancelled && signalled != 0 ? signalled : code;

// The second Ctrl-C is somebody's impatience and is left to the system, which kills. The other signals come twice without being meant so:
// from a terminal and its shell, from a supervisor that signals a process and then its group.
void Stop(PosixSignalContext context, int exitCode)
{
    if (context.Signal == PosixSignal.SIGINT && interrupts.TryHandle())
    {
        context.Cancel = true;
        return;
    }
    context.Cancel = context.Signal != PosixSignal.SIGINT || !stop.IsCancellationRequested;
    _ = Interlocked.CompareExchange(ref signalled, exitCode, 0);
    stop.Cancel();
}
