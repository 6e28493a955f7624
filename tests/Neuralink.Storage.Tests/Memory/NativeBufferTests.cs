using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Memory;

public sealed class NativeBufferTests
{
    [Fact]
    public void Typed_views_count_in_elements_and_share_the_bytes()
    {
        using NativeArena arena = new(4096);
        NativeBuffer buffer = arena.Allocate(32, "numbers");
        buffer.Floats(2, 2)[1] = 1.5f;

        buffer.Span<float>(3, 1)[0].Should().Be(1.5f);
        BitConverter.ToSingle(buffer.Bytes(12, 4)).Should().Be(1.5f);
    }

    [Fact]
    public void A_slice_shares_the_bytes_and_ends_where_the_buffer_does()
    {
        using NativeArena arena = new(4096);
        NativeBuffer buffer = arena.Allocate(32, "numbers"), slice = buffer.Slice(8, 24);
        slice.Bytes(0, 1)[0] = 7;

        buffer.Bytes(8, 1)[0].Should().Be(7);
        slice.Purpose.Should().Be("numbers");
        FluentActions.Invoking(() => slice.Bytes(0, 25).Length).Should().Throw<ArgumentOutOfRangeException>();
        (long, long)[] outside = [(-1, 1), (0, 33), (32, 1), (9, 24), (0, -1), (long.MaxValue, 1), (1, long.MaxValue)];
        foreach ((long offset, long length) in outside)
            FluentActions.Invoking(() => buffer.Slice(offset, length)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 9)]
    [InlineData(8, 1)]
    [InlineData(4, 5)]
    [InlineData(0, -1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MinValue, 1)]
    public void Views_outside_the_buffer_are_refused(long offset, int count)
    {
        using NativeArena arena = new(4096);
        NativeBuffer buffer = arena.Allocate(35, "numbers");

        FluentActions.Invoking(() => buffer.Floats(offset, count).Length).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public unsafe void A_view_can_begin_beyond_what_an_int_counts()
    {
        // Only addresses are compared, so the buffer needs no 3 GiB behind it.
        using NativeArena arena = new(4096);
        byte* start = arena.Allocate(64, "start").Pointer;
        NativeBuffer buffer = new(arena, start, 3L << 30, "long");

        fixed (ushort* last = buffer.Span<ushort>((3L << 29) - 1, 1))
            ((long)last - (long)start).Should().Be((3L << 30) - 2);
    }
}
