using Neuralink.Models.Sampling;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Sampling;

public class SamplingOptionsTests
{
    public static TheoryData<SamplingOptions, string> OutOfRange => new()
    {
        { new() { Temperature = -0.1f }, "*temperature*0 or more*-0.1*" },
        { new() { Temperature = float.NaN }, "*temperature*NaN*" },
        { new() { TopK = -1 }, "*top-k*0 or more*-1*" },
        { new() { TopP = 1.01f }, "*top-p*0 to 1*1.01*" },
        { new() { TopP = float.NaN }, "*top-p*NaN*" },
        { new() { MinP = -0.5f }, "*min-p*0 to 1*-0.5*" },
        { new() { RepeatPenalty = 0 }, "*repeat penalty*more than 0*0*" },
        { new() { RepeatPenalty = float.PositiveInfinity }, "*repeat penalty*" },
        { new() { FrequencyPenalty = 2.5f }, "*frequency penalty*-2 to 2*2.5*" },
        { new() { PresencePenalty = float.NaN }, "*presence penalty*-2 to 2*NaN*" },
        { new() { LogitBias = new Dictionary<int, float> { [3] = -101 } }, "*logit bias of token 3*-100 to 100*-101*" },
        { new() { LogitBias = new Dictionary<int, float> { [2] = float.NaN } }, "*logit bias of token 2*NaN*" },
        { new() { RepeatLastN = -1 }, "*repeat last n*-1*" },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void An_option_out_of_its_range_is_refused_by_name(SamplingOptions options, string message)
    {
        options.Invoking(o => o.Validate()).Should().Throw<NeuralinkException>().WithMessage(message);
        FluentActions.Invoking(() => new Sampler(options, 4)).Should().Throw<NeuralinkException>().WithMessage(message);
    }

    [Fact]
    public void The_defaults_and_the_ends_of_the_ranges_are_valid()
    {
        new SamplingOptions().Validate();
        SamplingOptions.Greedy.Validate();
        new SamplingOptions { TopK = 0, TopP = 0, MinP = 0, RepeatLastN = 0 }.Validate();
        new SamplingOptions { TopK = int.MaxValue, TopP = 1, MinP = 1, RepeatLastN = int.MaxValue }.Validate();
    }
}
