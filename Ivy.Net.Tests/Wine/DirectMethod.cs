using System.Reflection;
using NUnit.Framework.Interfaces;

namespace Ivy.Net.Tests.Wine;

/// <summary>A method of a test that is called by a delegate, and not by reflection.</summary>
/// <remarks>
/// Under Wine 8 the second exception that leaves MethodInfo.Invoke never arrives: its thread waits for ever (.NET 10.0.12). One that
/// leaves a delegate does.
/// </remarks>
internal sealed class DirectMethod(IMethodInfo inner) : IMethodInfo
{
    private static readonly Type[] Callers = [typeof(Caller<>), typeof(Caller<,>), typeof(Caller<,,>), typeof(Caller<,,,>), typeof(Caller<,,,,>)];

    public ITypeInfo TypeInfo => inner.TypeInfo;

    public MethodInfo MethodInfo => inner.MethodInfo;

    public string Name => inner.Name;

    public bool IsAbstract => inner.IsAbstract;

    public bool IsPublic => inner.IsPublic;

    public bool IsStatic => inner.IsStatic;

    public bool ContainsGenericParameters => inner.ContainsGenericParameters;

    public bool IsGenericMethod => inner.IsGenericMethod;

    public bool IsGenericMethodDefinition => inner.IsGenericMethodDefinition;

    public ITypeInfo ReturnType => inner.ReturnType;

    /// <summary>Has a test, and all below it, called directly. Its property has no setter that is public.</summary>
    public static void Install(ITest test)
    {
        if (test is NUnit.Framework.Internal.TestMethod { Method: { } method })
        {
            PropertyInfo property = typeof(NUnit.Framework.Internal.Test).GetProperty(nameof(ITest.Method))!;
            property.SetValue(test, new DirectMethod(method));
        }

        foreach (ITest child in test.Tests)
        {
            Install(child);
        }
    }

    public IParameterInfo[] GetParameters() => inner.GetParameters();

    public Type[] GetGenericArguments() => inner.GetGenericArguments();

    public IMethodInfo MakeGenericMethod(params Type[] typeArguments) => new DirectMethod(inner.MakeGenericMethod(typeArguments));

    public T[] GetCustomAttributes<T>(bool inherit)
        where T : class => inner.GetCustomAttributes<T>(inherit);

    public bool IsDefined<T>(bool inherit)
        where T : class => inner.IsDefined<T>(inherit);

    public object? Invoke(object? fixture, params object?[]? args)
    {
        MethodInfo method = inner.MethodInfo;
        Type[] types = [.. method.GetParameters().Select(static parameter => parameter.ParameterType)];
        if (method.ReturnType != typeof(void) || types.Length > Callers.Length)
        {
            return inner.Invoke(fixture, args);
        }

        object? target = method.IsStatic ? null : fixture;
        if (types.Length == 0)
        {
            method.CreateDelegate<Action>(target)();
        }
        else
        {
            ((ICaller)Activator.CreateInstance(Callers[types.Length - 1].MakeGenericType(types))!).Call(method, target, args!);
        }

        return null;
    }

#pragma warning disable MA0048 // one for each number of parameters
    private interface ICaller
    {
        void Call(MethodInfo method, object? target, object?[] args);
    }

    private sealed class Caller<T1> : ICaller
    {
        public void Call(MethodInfo method, object? target, object?[] args) => method.CreateDelegate<Action<T1>>(target)((T1)args[0]!);
    }

    private sealed class Caller<T1, T2> : ICaller
    {
        public void Call(MethodInfo method, object? target, object?[] args) => method.CreateDelegate<Action<T1, T2>>(target)((T1)args[0]!, (T2)args[1]!);
    }

    private sealed class Caller<T1, T2, T3> : ICaller
    {
        public void Call(MethodInfo method, object? target, object?[] args) =>
            method.CreateDelegate<Action<T1, T2, T3>>(target)((T1)args[0]!, (T2)args[1]!, (T3)args[2]!);
    }

    private sealed class Caller<T1, T2, T3, T4> : ICaller
    {
        public void Call(MethodInfo method, object? target, object?[] args) =>
            method.CreateDelegate<Action<T1, T2, T3, T4>>(target)((T1)args[0]!, (T2)args[1]!, (T3)args[2]!, (T4)args[3]!);
    }

    private sealed class Caller<T1, T2, T3, T4, T5> : ICaller
    {
        public void Call(MethodInfo method, object? target, object?[] args) =>
            method.CreateDelegate<Action<T1, T2, T3, T4, T5>>(target)((T1)args[0]!, (T2)args[1]!, (T3)args[2]!, (T4)args[3]!, (T5)args[4]!);
    }
#pragma warning restore MA0048
}
