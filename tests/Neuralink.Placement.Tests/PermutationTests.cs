namespace Neuralink.Placement.Tests;

public sealed class PermutationTests
{
    [Fact]
    public void Both_directions_agree()
    {
        Permutation.TryCreate([2, 0, 3, 1], out Permutation? permutation, out int bad).Should().BeTrue();
        bad.Should().Be(-1);
        for (int slot = 0; slot < 4; slot++)
            permutation!.SlotOf(permutation.NeuronAt(new Slot(slot))).Should().Be(new Slot(slot));
        permutation!.NeuronAt(new Slot(2)).Should().Be(new NeuronId(3));
    }

    [Fact]
    public void Identity_leaves_every_neuron_where_the_model_has_it()
    {
        Permutation identity = Permutation.Identity(5);
        identity.NeuronOfSlot.ToArray().Should().Equal(0, 1, 2, 3, 4);
        identity.SlotOf(new NeuronId(3)).Should().Be(new Slot(3));
    }

    [Theory]
    [InlineData(new[] { 0, 1, 1 }, 2)]
    [InlineData(new[] { 0, 3, 1 }, 1)]
    [InlineData(new[] { -1, 0, 1 }, 0)]
    public void What_is_no_permutation_is_refused_at_its_first_bad_slot(int[] order, int expectedBadSlot)
    {
        Permutation.TryCreate(order, out Permutation? permutation, out int bad).Should().BeFalse();
        permutation.Should().BeNull();
        bad.Should().Be(expectedBadSlot);
    }
}
