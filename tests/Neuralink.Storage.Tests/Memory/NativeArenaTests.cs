using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Memory;

public sealed class NativeArenaTests
{
    [Fact]
    public void Buffers_are_zeroed_aligned_and_do_not_overlap()
    {
        using NativeArena arena = new(1 << 20);
        NativeBuffer first = arena.Allocate(100, "weights");
        NativeBuffer second = arena.Allocate(8192, "frames", 4096);

        first.Bytes(0, 100).ToArray().Should().OnlyContain(value => value == 0);
        first.Bytes(0, 100).Fill(1);
        second.Bytes(0, 8192).ToArray().Should().OnlyContain(value => value == 0);
        Address(first).Should().Match(address => address % 64 == 0);
        Address(second).Should().Match(address => address % 4096 == 0);
        arena.UsedBytes.Should().Be(4096 + 8192);
    }

    [Theory]
    [InlineData(4096, 4096)]
    [InlineData((2 << 20) - 1, 4096)]
    [InlineData(2 << 20, 2 << 20)]
    [InlineData(5_000_000, 2 << 20)]
    public void An_arena_is_zero_after_others_were_not_and_begins_on_a_huge_page_if_it_has_one(int bytes, int alignment)
    {
        for (int round = 0; round < 3; round++)
        {
            using NativeArena arena = new(bytes);
            NativeBuffer all = arena.Allocate(bytes, "all", 4096);
            all.Bytes(0, bytes).IndexOfAnyExcept((byte)0).Should().Be(-1);
            all.Bytes(0, bytes).Fill(0xFF);
            (Address(all) % alignment).Should().Be(0);
        }
    }

    [Fact]
    public void A_buffer_can_fill_the_arena_and_nothing_fits_after_it()
    {
        using NativeArena arena = new(4096);
        arena.Allocate(4096, "all");

        arena.Allocate(0, "nothing").LengthBytes.Should().Be(0);
        FluentActions.Invoking(() => arena.Allocate(1, "one more")).Should().Throw<InvalidOperationException>().WithMessage("*one more*");
    }

    [Fact]
    public void Alignment_can_make_a_buffer_not_fit()
    {
        using NativeArena arena = new(4096);
        arena.Allocate(1, "little");

        FluentActions.Invoking(() => arena.Allocate(1, "late", 4096)).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => arena.Allocate(1, "odd", 48)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_sealed_arena_hands_out_nothing()
    {
        using NativeArena arena = new(4096);
        arena.Seal();

        FluentActions.Invoking(() => arena.Allocate(1, "late")).Should().Throw<InvalidOperationException>().WithMessage("*sealed*");
    }

    [Fact]
    public void The_report_adds_up_by_purpose()
    {
        using NativeArena arena = new(4096);
        arena.Allocate(10, "kv");
        arena.Allocate(20, "weights");
        arena.Allocate(30, "kv");

        arena.BytesByPurpose.Should().BeEquivalentTo(new Dictionary<string, long> { ["kv"] = 40, ["weights"] = 20 });
    }

    [Fact]
    public void Memory_that_the_system_does_not_have_is_an_operating_error() =>
        FluentActions.Invoking(() => new NativeArena(long.MaxValue / 2)).Should().Throw<NeuralinkException>().WithMessage("*memory*");

    [Fact]
    public void A_buffer_of_a_disposed_arena_is_refused()
    {
        NativeArena arena = new(4096);
        NativeBuffer buffer = arena.Allocate(16, "gone");
        arena.Dispose();

        FluentActions.Invoking(() => buffer.Bytes(0, 1).Length).Should().Throw<ObjectDisposedException>();
        FluentActions.Invoking(() => arena.Allocate(1, "more")).Should().Throw<ObjectDisposedException>();
    }

    private static unsafe long Address(NativeBuffer buffer) => (long)buffer.Pointer;
}
