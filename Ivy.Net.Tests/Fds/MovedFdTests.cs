using Ivy.Net.Tests.Support;

namespace Ivy.Net.Tests.Fds;

/// <summary>An IvFd that a handler sends to another loop.</summary>
internal sealed class MovedFdTests
{
    [Test]
    public void Handlers_of_a_descriptor_that_has_gone_to_another_loop_do_not_go_on_here([ValueSource(typeof(RealBackends), nameof(RealBackends.Names))] string backend) =>
        LoopThread.Run(GroupServer.LoopOptions(backend), loop =>
        {
            (IvSocket near, IvSocket far) = IvSocket.CreatePair();
            far.Send("x"u8);
            using var taken = new ManualResetEventSlim();
            using var release = new ManualResetEventSlim();
            int calledHere = 0;
            Action? join = null;
            var fd = new IvFd(near)
            {
                HandlerIn = fd =>
                {
                    // The first descriptor of a fresh loop there, as it was here: the tokens of the two are the same.
                    fd.Unregister();
                    join = LoopThread.Begin(1, _ =>
                    {
                        using var other = new IvLoop(GroupServer.LoopOptions(backend));
                        fd.Register();
                        taken.Set();
                        release.Wait();
                    });
                    taken.Wait();
                },
                HandlerOut = _ => calledHere++,
            };
            fd.Register();
            loop.Run(IvRunMode.NonBlocking);
            Assert.That(calledHere, Is.Zero);
            release.Set();
            join!();
            near.Dispose();
            far.Dispose();
        });
}
