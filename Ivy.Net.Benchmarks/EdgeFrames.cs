using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ivy.Net.Edge;
using Ivy.Net.Polling;

namespace Ivy.Net.Benchmarks;

/// <summary>
/// Which methods stand on the stack when a callback of an EdgeLoop runs: one that was inlined does not. Meant for
/// DOTNET_TieredCompilation=0, where all code is optimized from the start.
/// </summary>
internal static class EdgeFrames
{
    private static string _frames = string.Empty;

    public static int Calls { get; private set; }

    public static int Run()
    {
        Console.WriteLine($"struct: {Look<Value, ValueCallbacks>(default)}");
        Console.WriteLine($"class: {Look<string, StringCallbacks>("")}");
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Look<TState, TCallbacks>(TState state)
        where TCallbacks : struct, IEdgeCallbacks<TState>
    {
        using var edge = new EdgeLoop<TState, TCallbacks>();
        (IvSocket near, IvSocket far) = IvSocket.CreatePair();
        using (near)
        using (far)
        {
            edge.Arm(near, IvBands.In, state);
            far.Send("x"u8);
            edge.Review();
        }

        return _frames;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Capture() =>
        _frames = string.Join(", ", new StackTrace(1).GetFrames().Select(static frame => frame.GetMethod()!.Name.Split('.')[^1]).TakeWhile(static name => name != nameof(Look)));

    private readonly record struct Value(int Number);

    private readonly struct ValueCallbacks : IEdgeCallbacks<Value>
    {
        public static void OnData(EdgeFd<Value> fd)
        {
            Capture();
            Calls++; // after the call, or else it were a tail call, which takes its caller off the stack
        }

        public static void OnReady(EdgeFd<Value> fd) => Calls++;

        public static void OnError(EdgeFd<Value> fd, IvError error) => Calls++;

        public static void OnClose(EdgeFd<Value> fd, EdgeCloseReason reason) => Calls++;
    }

    private readonly struct StringCallbacks : IEdgeCallbacks<string>
    {
        public static void OnData(EdgeFd<string> fd)
        {
            Capture();
            Calls++; // after the call, or else it were a tail call, which takes its caller off the stack
        }

        public static void OnReady(EdgeFd<string> fd) => Calls++;

        public static void OnError(EdgeFd<string> fd, IvError error) => Calls++;

        public static void OnClose(EdgeFd<string> fd, EdgeCloseReason reason) => Calls++;
    }
}
