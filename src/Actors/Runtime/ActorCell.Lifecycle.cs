namespace Neuralink.Actors.Runtime;

/// <summary>Birth and end of an incarnation, and the waiting for children that a restart or stop may need.</summary>
internal sealed partial class ActorCell
{
    private enum Wait
    {
        Nothing,
        Recreation,
        Creation,
        Termination,
    }

    private Wait waitingFor;
    private Exception? restartCause;
    private TimerScheduler? timers;

    private void Create()
    {
        try
        {
            actor = NewActor();
            actor.RunPreStart();
            RestartReceiveTimeout();
        }
        catch (Exception e) when (e is not ActorInitializationException)
        {
            actor = null;
            throw new ActorInitializationException($"Exception during creation of {self}: {e.Message}", e);
        }
        catch
        {
            actor = null;
            throw;
        }
    }

    private ActorBase NewActor()
    {
        timers?.CancelAll();
        timers = null;
        var fresh = Props.NewActor();
        fresh.Initialize();
        if (fresh is IWithTimers withTimers)
            withTimers.Timers = timers = new TimerScheduler(self, System.Timers);
        return fresh;
    }

    private void Terminate()
    {
        SetReceiveTimeout(null);
        AbandonHandler();
        UnwatchAll();
        children.Close();
        StopChildren();
        if (waitingFor is not Wait.Termination)
        {
            // No user message while the children stop, and no report of a failure during the shutdown.
            suspendCount++;
            perpetrator = self;
        }

        WaitForChildren(Wait.Termination);
    }

    /// <summary>Goes on at once, or when the last dying child has stopped. A later reason replaces an earlier one.</summary>
    private void WaitForChildren(Wait reason)
    {
        waitingFor = reason;
        if (!children.AnyDying())
            FinishWaiting();
    }

    private void FinishWaiting()
    {
        var reason = waitingFor;
        if (reason is not Wait.Termination)
            waitingFor = Wait.Nothing;
        switch (reason)
        {
            case Wait.Recreation: FinishRecreate(); break;
            case Wait.Creation: FinishCreate(); break;
            case Wait.Termination: FinishTerminate(); break;
        }
    }

    private void FinishTerminate()
    {
        timers?.CancelAll();
        try
        {
            actor?.RunPostStop();
        }
        catch (Exception e)
        {
            System.PublishLog(new Error(e, self.Path, actor!.GetType(), e.Message));
        }

        // PostStop may have started any of these again.
        timers?.CancelAll();
        SetReceiveTimeout(null);
        UnwatchAll();

        Mailbox.Close();
        parent.SendSystem(new DeathWatchNotification(self));
        foreach (var watcher in watchedBy)
            watcher.SendSystem(new DeathWatchNotification(self));
        watchedBy.Clear();
        actor = null;
        handling = default;
    }
}
