namespace Ivy.Net.Tests.Fds;

internal sealed class HandleIndexTests
{
    private const int ArrayLimit = 1 << 20;

    [TestCase(0)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(1000)]
    [TestCase(ArrayLimit - 1)]
    [TestCase(ArrayLimit)]
    [TestCase(ArrayLimit + 1)]
    [TestCase(int.MaxValue)]
    [TestCase(0x7FFF_FFFF_FFFF_FFFC)]
    public void A_number_is_found_until_it_is_cleared(long number)
    {
        nint handle = checked((nint)number);
        var index = new HandleIndex();
        Assert.That(index.Find(handle), Is.EqualTo(-1));
        index.Clear(handle);
        index.Set(handle, 0);
        Assert.That(index.Find(handle), Is.Zero);
        index.Set(handle, 7);
        Assert.That(index.Find(handle), Is.EqualTo(7));
        index.Clear(handle);
        Assert.That(index.Find(handle), Is.EqualTo(-1));
    }

    [Test]
    public void It_agrees_with_a_dictionary()
    {
        var random = new Random(1);
        var index = new HandleIndex();
        Dictionary<nint, int> model = [];
        for (int i = 0; i < 100_000; i++)
        {
            // Around the limit and at the low end: a few thousand numbers, each of them often.
            nint handle = random.Next(2) == 0 ? random.Next(2000) : ArrayLimit - 1000 + random.Next(2000);
            switch (random.Next(3))
            {
                case 0:
                    index.Clear(handle);
                    model.Remove(handle);
                    break;

                case 1:
                    index.Set(handle, i);
                    model[handle] = i;
                    break;

                default:
                    Assert.That(index.Find(handle), Is.EqualTo(model.TryGetValue(handle, out int slot) ? slot : -1));
                    break;
            }
        }
    }
}
