namespace Neuralink.Kernels.Tests;

public class ParkingTests
{
    [Fact]
    public void A_wake_that_comes_first_is_kept_and_several_are_one()
    {
        Parking parking = new();
        parking.Wake();
        parking.Wake();
        parking.Sleep();

        bool isAwake = false;
        var sleeper = new Thread(() =>
        {
            parking.Sleep();
            Volatile.Write(ref isAwake, true);
        });
        sleeper.Start();
        // The second wake is gone: whatever time passes, only another one ends this sleep.
        sleeper.Join(20).Should().BeFalse();
        Volatile.Read(ref isAwake).Should().BeFalse();
        parking.Wake();
        sleeper.Join();
    }

    [Fact]
    public void Two_threads_that_wake_each_other_in_turns_lose_no_wake()
    {
        const int Turns = 20_000;
        Parking first = new(), second = new();
        int count = 0;
        var other = new Thread(() =>
        {
            for (int i = 0; i < Turns; i++)
            {
                second.Sleep();
                count++;
                first.Wake();
            }
        });
        other.Start();
        for (int i = 0; i < Turns; i++)
        {
            second.Wake();
            first.Sleep();
            count.Should().Be(i + 1);
        }
        other.Join();
    }
}
