using System.Runtime.ExceptionServices;

namespace Neuralink.Actors.Runtime;

/// <summary>
/// Failure and supervision. A failed actor suspends itself and its children and reports to its parent, whose strategy answers with Resume,
/// Recreate or Terminate, or fails itself with the same cause (Escalate).
/// </summary>
internal sealed partial class ActorCell
{
    // Whose failure this cell waits to have judged: its own or an escalated child's. While set, further failures are not reported.
    private IActorRef? perpetrator;

    private void HandleInvokeFailure(Exception cause, IActorRef? failedChild = null, IReadOnlyCollection<IActorRef>? survivors = null)
    {
        if (perpetrator is not null)
            return;
        suspendCount++;
        perpetrator = failedChild ?? self;
        List<IActorRef> alreadySuspended = [.. survivors ?? []];
        if (failedChild is not null)
            alreadySuspended.Add(failedChild);
        SuspendChildren(alreadySuspended);
        parent.SendSystem(new Failed(self, cause));
    }

    private void HandleFailed(Failed failed)
    {
        // A child that has been removed, or stopped in the meantime, is beyond help.
        if (children.Find(failed.Child) is not { } child)
            return;
        var outer = handling;
        handling = new Envelope(failed, failed.Child);
        try
        {
            var strategy = actor?.Strategy ?? SupervisorStrategy.Default;
            if (!strategy.HandleFailure(this, child, failed.Cause))
                ExceptionDispatchInfo.Throw(failed.Cause);
        }
        finally
        {
            handling = outer;
        }
    }

    private void FaultSuspend()
    {
        suspendCount++;
        SuspendChildren([]);
    }

    private void FaultResume(Exception? causedByFailure)
    {
        if (actor is null)
        {
            FaultCreate();
            return;
        }

        var forgiven = perpetrator;
        if (awaited is null)
            handling = default;
        ResumeSelf();
        if (causedByFailure is not null)
            perpetrator = null;
        ResumeChildren(causedByFailure, forgiven);
    }

    private void FaultRecreate(Exception cause)
    {
        if (actor is null)
        {
            FaultCreate();
            return;
        }

        if (waitingFor is not Wait.Nothing)
        {
            FaultResume(null);
            return;
        }

        AbandonHandler();
        try
        {
            actor.RunPreRestart(cause, handling.Message);
        }
        catch (Exception e)
        {
            // Best effort: the instance is going away whatever it throws.
            System.PublishLog(new Error(e, self.Path, actor.GetType(), e.Message));
        }

        timers?.CancelAll();
        handling = default;
        restartCause = cause;
        WaitForChildren(Wait.Recreation);
    }

    private void FinishRecreate()
    {
        var cause = restartCause!;
        restartCause = null;
        var survivors = children.All();
        ResumeSelf();
        perpetrator = null;
        try
        {
            actor = NewActor();
            actor.RunPostRestart(cause);
            RestartReceiveTimeout();
            foreach (var child in survivors)
                child.SendSystem(new Recreate(cause));
        }
        catch (Exception e)
        {
            actor = null;
            HandleInvokeFailure(new PostRestartException(self, e), null, survivors);
        }
    }

    private void FaultCreate()
    {
        StopChildren();
        WaitForChildren(Wait.Creation);
    }

    private void FinishCreate()
    {
        ResumeSelf();
        perpetrator = null;
        Create();
    }

    // Children that were made during a restart were never suspended, yet are restarted with the others: the count stays at zero.
    private void ResumeSelf() => suspendCount = Math.Max(0, suspendCount - 1);
}
