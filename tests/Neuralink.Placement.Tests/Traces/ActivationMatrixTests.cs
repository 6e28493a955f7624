using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Traces;

public sealed class ActivationMatrixTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void Lists_come_back_as_they_were_given_at_ragged_widths(int neurons)
    {
        Random random = new(neurons);
        int[][] lists = [.. Enumerable.Range(0, 20).Select(_ => Fired())];
        ActivationMatrix active = ActivationMatrix.FromLists(neurons, lists);
        active.TokenCount.Should().Be(20);
        active.NeuronCount.Should().Be(neurons);
        active.ActiveCount().Should().Be(lists.Sum(list => list.Length));
        active.Frequencies().Should().Equal(Enumerable.Range(0, neurons).Select(n => lists.Count(list => list.Contains(n))));
        int[] buffer = new int[neurons];
        for (int token = 0; token < 20; token++)
        {
            buffer[..active.CopyActive(token, buffer)].Should().Equal(lists[token]);
            active.ActiveCountOf(token).Should().Be(lists[token].Length);
            Enumerable.Range(0, neurons).Where(n => active.IsActive(token, new NeuronId(n))).Should().Equal(lists[token]);
        }

        int[] Fired() => [.. Enumerable.Range(0, neurons).Where(_ => random.Next(3) == 0)];
    }

    [Theory]
    [InlineData(0, 10, 1)]
    [InlineData(3, 10, 3)]
    [InlineData(4, 4, 2)]
    [InlineData(1, 9, 100)]
    public void A_sample_takes_every_stepth_token_of_its_range(int begin, int end, int step)
    {
        ActivationMatrix active = RandomTrace.Create(70, 10, seed: 1);
        ActivationMatrix sample = active.Sample(begin, end, step);
        int[] tokens = [.. Enumerable.Range(begin, end - begin).Where(token => (token - begin) % step == 0)];
        sample.TokenCount.Should().Be(tokens.Length);
        for (int i = 0; i < tokens.Length; i++)
            sample.Token(i).ToArray().Should().Equal(active.Token(tokens[i]).ToArray());
    }

    [Fact]
    public void A_trace_without_tokens_has_neurons_that_never_fire()
    {
        ActivationMatrix active = new(3, []);
        active.TokenCount.Should().Be(0);
        active.Frequencies().Should().Equal(0, 0, 0);
        active.Bytes.Should().Be(0);
    }

    [Fact]
    public void Words_that_are_no_whole_rows_are_refused()
    {
        Action act = () => _ = new ActivationMatrix(65, new ulong[3]);
        act.Should().Throw<ArgumentException>().WithMessage("Rows of 2 words expected, 3 words given.*");
    }

    [Fact]
    public void A_bit_in_the_padding_is_refused_at_its_token()
    {
        Action act = () => _ = new ActivationMatrix(65, [0, 1, 0, 2]);
        act.Should().Throw<ArgumentException>().WithMessage("Token 1 fires a neuron beyond 64.*");
    }

    [Fact]
    public void A_neuron_out_of_range_is_refused()
    {
        Action act = () => new ActivationMatrix(4, [0]).IsActive(0, new NeuronId(4));
        act.Should().Throw<ArgumentOutOfRangeException>();
    }
}
