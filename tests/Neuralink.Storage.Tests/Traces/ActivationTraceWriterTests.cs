using Neuralink.Placement;
using Neuralink.Storage.Traces;

namespace Neuralink.Storage.Tests.Traces;

/// <summary>A trace appears whole or not at all, and goes on where it was left, whenever that was.</summary>
public sealed class ActivationTraceWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _whole;

    public ActivationTraceWriterTests()
    {
        SmallTrace.Create(_folder.File("whole.trace"));
        _whole = File.ReadAllBytes(_folder.File("whole.trace"));
    }

    private string TracePath => _folder.File("a.trace");

    private string PartialPath => $"{TracePath}.partial";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Gone_on_with_after_every_token_it_is_the_same_file()
    {
        for (int tokens = 1; tokens <= SmallTrace.Info.TokenCount; tokens++)
        {
            using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info);
            writer.TokensDone.Should().Be(tokens - 1);
            SmallTrace.Write(writer, tokens - 1, tokens);
            writer.MarkDone(tokens);
        }
        File.Exists(TracePath).Should().BeFalse();
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info))
            writer.Complete();
        File.ReadAllBytes(TracePath).Should().Equal(_whole);
        File.Exists(PartialPath).Should().BeFalse();
    }

    [Fact]
    public void With_inputs_too_it_is_the_same_file_however_often_it_was_left()
    {
        string whole = _folder.File("inputs.trace");
        SmallTrace.Create(whole, SmallTrace.InfoWithInputs);
        for (int tokens = 2; tokens <= 9; tokens += 7)
        {
            using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.InfoWithInputs);
            SmallTrace.Write(writer, writer.TokensDone, tokens);
            writer.MarkDone(tokens);
        }
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.InfoWithInputs))
            writer.Complete();
        File.ReadAllBytes(TracePath).Should().Equal(File.ReadAllBytes(whole));
    }

    [Fact]
    public void Inputs_belong_to_traces_that_have_them_and_are_missed_there()
    {
        using (ActivationTraceWriter without = ActivationTraceWriter.Open(TracePath, SmallTrace.Info))
            without.Invoking(w => w.WriteInputs(new LayerIndex(0), 0, SmallTrace.Inputs(0))).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => ActivationTraceWriter.Open(TracePath, SmallTrace.InfoWithInputs)).Should().Throw<NeuralinkException>()
            .WithMessage("*expected a trace with layer inputs of 5 values, found a trace without layer inputs; *");
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.InfoWithInputs, replace: true);
        writer.Write(new LayerIndex(0), 0, SmallTrace.Rows(0));
        writer.Write(new LayerIndex(1), 0, SmallTrace.Rows(1));
        writer.WriteInputs(new LayerIndex(0), 0, SmallTrace.Inputs(0));
        writer.WriteInputs(new LayerIndex(1), 1, SmallTrace.Inputs(1).AsSpan(5));
        writer.Invoking(w => w.Complete()).Should().Throw<InvalidOperationException>().WithMessage("Layer 1 has 8 of 9 tokens' inputs.");
        writer.Invoking(w => w.WriteInputs(new LayerIndex(1), 9, new Half[5])).Should().Throw<ArgumentException>();
        writer.Invoking(w => w.WriteInputs(new LayerIndex(1), 0, new Half[4])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void What_was_written_but_not_noted_is_written_again()
    {
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info))
        {
            SmallTrace.Write(writer, 0, 3);
            writer.MarkDone(3);
            writer.Write(new LayerIndex(0), 3, [ulong.MaxValue, 1]);
        }
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info))
        {
            writer.TokensDone.Should().Be(3);
            SmallTrace.Write(writer, 3, 9);
            writer.Complete();
        }
        File.ReadAllBytes(TracePath).Should().Equal(_whole);
    }

    [Fact]
    public void A_damaged_note_falls_back_to_the_one_before()
    {
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info))
        {
            SmallTrace.Write(writer, 0, 6);
            writer.MarkDone(2);
            writer.MarkDone(5);
        }
        byte[] bytes = File.ReadAllBytes(PartialPath);
        for (int at = 0; at < 12; at++)
        {
            byte[] damaged = [.. bytes];
            damaged[_whole.Length + 512 + at] ^= 0x10;
            File.WriteAllBytes(PartialPath, damaged);
            using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info);
            writer.TokensDone.Should().Be(2);
        }
    }

    [Fact]
    public void Stopped_before_its_header_or_between_its_end_and_its_name()
    {
        foreach (byte[] begun in (byte[][])[[], new byte[3], new byte[_whole.Length + 1024]])
        {
            File.WriteAllBytes(PartialPath, begun);
            using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info);
            writer.TokensDone.Should().Be(0);
        }
        File.WriteAllBytes(PartialPath, _whole);
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info))
        {
            writer.TokensDone.Should().Be(9);
            writer.Complete();
        }
        File.ReadAllBytes(TracePath).Should().Equal(_whole);
    }

    [Fact]
    public void An_unfinished_trace_of_something_else_is_kept_unless_it_may_be_discarded()
    {
        ActivationTraceWriter.Open(TracePath, SmallTrace.Info).Dispose();
        ActivationTraceInfo otherModel = SmallTrace.Info with { ModelDigest = new string('c', 64), ModelName = "other" };
        Refused(otherModel, "*expected a trace of other (cccc*found one of small (aaaa*");
        Refused(SmallTrace.Info with { TokenCount = 8 }, "*expected a trace of 8 tokens, found one of 9; *start over with --force");
        ActivationTraceInfo otherTexts = SmallTrace.Info with { TextsDigest = new string('d', 64), Texts = "b.txt" };
        Refused(otherTexts, "*expected a trace of b.txt, found one of other text*");
        Refused(SmallTrace.Info with { StrideBytes = 1024 }, "*StrideBytes = 1024*StrideBytes = 512*");
        File.WriteAllText(PartialPath, "something else entirely");
        Refused(SmallTrace.Info, "*expected an unfinished trace, found something else*");
        File.WriteAllBytes(PartialPath, _whole[..^1]);
        Refused(SmallTrace.Info, $"*expected {_whole.Length + 1024} bytes, found {_whole.Length - 1}; the file is damaged*");
        File.ReadAllBytes(PartialPath).Should().Equal(_whole[..^1]);
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info, replace: true);
        writer.TokensDone.Should().Be(0);

        void Refused(ActivationTraceInfo info, string message) => ShouldNotOpen(TracePath, info, message);
    }

    [Fact]
    public void A_finished_trace_is_replaced_only_when_told_so_and_only_by_a_whole_one()
    {
        File.WriteAllText(TracePath, "precious");
        ShouldNotOpen(TracePath, SmallTrace.Info, "*it exists*--force");
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info, replace: true))
        {
            SmallTrace.Write(writer, 0, 4);
            writer.MarkDone(4);
        }
        File.ReadAllText(TracePath).Should().Be("precious");
        using (ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info, replace: true))
        {
            writer.TokensDone.Should().Be(4, "the same command goes on");
            SmallTrace.Write(writer, 4, 9);
            writer.Complete();
        }
        File.ReadAllBytes(TracePath).Should().Equal(_whole);
    }

    [Fact]
    public void It_is_not_complete_while_rows_are_missing()
    {
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info);
        writer.Write(new LayerIndex(0), 0, SmallTrace.Rows(0));
        writer.Write(new LayerIndex(1), 0, SmallTrace.Rows(1).AsSpan(2));
        writer.Invoking(w => w.Complete()).Should().Throw<InvalidOperationException>().WithMessage("Layer 1 has 8 of 9 tokens.");
        writer.Invoking(w => w.Write(new LayerIndex(1), 9, [0, 0])).Should().Throw<ArgumentException>();
        writer.Invoking(w => w.Write(new LayerIndex(2), 0, [0, 0])).Should().Throw<ArgumentException>();
        writer.Invoking(w => w.Write(new LayerIndex(1), 0, [0])).Should().Throw<ArgumentException>();
        File.Exists(TracePath).Should().BeFalse();
    }

    [Fact]
    public void Two_at_once_and_folders_are_refused()
    {
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(TracePath, SmallTrace.Info);
        ShouldNotOpen(TracePath, SmallTrace.Info, "*being used by another process*");
        ShouldNotOpen(_folder.Path, SmallTrace.Info, "*expected the name of a file, found a folder*");
        ShouldNotOpen(Path.Combine(_folder.Path, "none", "a.trace"), SmallTrace.Info, "cannot write *none*");
    }

    private static void ShouldNotOpen(string path, ActivationTraceInfo info, string message)
    {
        Action open = () => ActivationTraceWriter.Open(path, info);
        open.Should().Throw<NeuralinkException>().WithMessage(message);
    }
}
