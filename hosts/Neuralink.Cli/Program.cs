using System.Runtime.InteropServices;
using Neuralink.Cli;
using Neuralink.Cli.Terminal;

// The first Ctrl-C (or SIGTERM) ends the work in an orderly way; the second one is left to the system, which kills.
using CancellationTokenSource stop = new();
bool isTerminated = false;
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
int code = await NeuralinkCommand.RunAsync(args, Surroundings.OfProcess(), stop.Token);
return code == ExitCode.Cancelled && isTerminated ? ExitCode.Terminated : code;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    isTerminated |= signal.Signal == PosixSignal.SIGTERM;
    stop.Cancel();
}
