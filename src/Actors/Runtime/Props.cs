using System.Linq.Expressions;
using System.Reflection;

namespace Neuralink.Actors.Runtime;

/// <summary>How to build an actor: its type, constructor arguments, dispatcher and supervision of its children. Immutable.</summary>
public sealed class Props
{
    private readonly Type type;
    private readonly object?[] arguments;

    private Props(Type type, object?[] arguments, string? dispatcher, SupervisorStrategy? supervisorStrategy)
    {
        this.type = type;
        this.arguments = arguments;
        Dispatcher = dispatcher;
        SupervisorStrategy = supervisorStrategy;
    }

    internal string? Dispatcher { get; }

    internal SupervisorStrategy? SupervisorStrategy { get; }

    /// <summary>Takes the public constructor that fits the arguments.</summary>
    public static Props Create<TActor>(params object[] args)
        where TActor : ActorBase => new(typeof(TActor), args, null, null);

    /// <summary>
    /// Takes the constructor call in the expression. Its arguments are evaluated once, here, and shared by every incarnation.
    /// </summary>
    /// <param name="factory">A plain <c>() => new TActor(...)</c>; the constructor must be public.</param>
    /// <param name="supervisorStrategy">Overrides what the actor itself says about its children.</param>
    /// <exception cref="ArgumentException">The expression is not a constructor call.</exception>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is not NewExpression construction)
            throw new ArgumentException("The create function must be a 'new T(args)' expression.", nameof(factory));
        return new Props(typeof(TActor), [.. construction.Arguments.Select(Evaluate)], null, supervisorStrategy);
    }

    /// <summary>The same actor on the dispatcher configured under that name.</summary>
    public Props WithDispatcher(string dispatcher) => new(type, arguments, dispatcher, SupervisorStrategy);

    /// <summary>The same actor with that strategy for its children, whatever the actor itself says.</summary>
    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) => new(type, arguments, Dispatcher, supervisorStrategy);

    internal ActorBase NewActor() => (ActorBase)Activator.CreateInstance(
        type, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DoNotWrapExceptions, null, arguments, null)!;

    private static object? Evaluate(Expression argument) =>
        Expression.Lambda<Func<object?>>(Expression.Convert(argument, typeof(object))).Compile(preferInterpretation: true)();
}
