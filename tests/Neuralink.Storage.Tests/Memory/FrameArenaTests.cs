using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Memory;

public sealed class FrameArenaTests
{
    [Fact]
    public void Frames_are_side_by_side_and_the_discard_frame_is_none_of_them()
    {
        using NativeArena arena = new(1 << 16);
        FrameArena frames = new(arena, frameCount: 3, strideBytes: 1536, "cache");
        for (int frame = FrameArena.Discard; frame < 3; frame++)
            frames.Target(frame).Fill((byte)(frame + 10));

        for (int frame = 0; frame < 3; frame++)
            frames.Frame(frame).ToArray().Should().HaveCount(1536).And.OnlyContain(value => value == frame + 10);
        arena.UsedBytes.Should().Be(FrameArena.RequiredBytes(3, 1536) - FrameArena.AlignmentBytes).And.Be(4 * 1536);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MinValue)]
    public void A_frame_that_is_not_there_is_refused(int index)
    {
        using NativeArena arena = new(1 << 16);
        FrameArena frames = new(arena, frameCount: 3, strideBytes: 512, "cache");

        FluentActions.Invoking(() => frames.Frame(index).Length).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(1, 0)]
    [InlineData(1, 100)]
    [InlineData(1, -512)]
    public void Sizes_that_direct_reads_cannot_have_are_refused(int frameCount, int strideBytes) =>
        FluentActions.Invoking(() => FrameArena.RequiredBytes(frameCount, strideBytes)).Should().Throw<ArgumentException>();
}
