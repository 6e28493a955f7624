namespace Neuralink.Actors.Runtime.Tests;

public sealed class ConfigTests
{
    [Theory]
    [InlineData("neuralink.io-dispatcher { type = PinnedDispatcher }")]
    [InlineData("neuralink { io-dispatcher { type = PinnedDispatcher } }")]
    [InlineData("neuralink.io-dispatcher.type = PinnedDispatcher")]
    [InlineData("neuralink.io-dispatcher {\n  # one thread\n  type : \"PinnedDispatcher\" // for Io\n}\n")]
    public void A_pinned_dispatcher_can_be_written_in_each_form_of_hocon(string hocon) =>
        ConfigurationFactory.ParseString(hocon).PinnedDispatchers.Should().Equal("neuralink.io-dispatcher");

    [Fact]
    public void Several_settings_can_stand_together()
    {
        var config = ConfigurationFactory.ParseString("""
            akka { loglevel = debug }
            neuralink {
              io-dispatcher { type = PinnedDispatcher }, compute-dispatcher { type = PinnedDispatcher }
            }
            """);

        config.LogLevel.Should().Be(LogLevel.DebugLevel);
        config.PinnedDispatchers.Should().BeEquivalentTo("neuralink.io-dispatcher", "neuralink.compute-dispatcher");
    }

    [Fact]
    public void The_log_level_is_information_unless_set_and_may_be_off()
    {
        ConfigurationFactory.ParseString(string.Empty).LogLevel.Should().Be(LogLevel.InfoLevel);
        ConfigurationFactory.ParseString("akka.loglevel = OFF").LogLevel.Should().BeNull();
        ConfigurationFactory.ParseString("akka.loglevel = error").LogLevel.Should().Be(LogLevel.ErrorLevel);
    }

    [Theory]
    [InlineData("akka.loglevel = LOUD", "*LOUD*akka.loglevel*")]
    [InlineData("akka.actor.provider = cluster", "*akka.actor.provider*")]
    [InlineData("akka.actor.default-dispatcher { type = PinnedDispatcher }", "*akka.actor.default-dispatcher.type*")]
    [InlineData("io { type = ForkJoinDispatcher }", "*ForkJoinDispatcher*io.type*")]
    [InlineData("io { type = PinnedDispatcher\n throughput = 5 }", "*io.throughput*")]
    [InlineData("type = PinnedDispatcher", "*type*")]
    public void Any_other_key_or_value_is_refused_by_name(string hocon, string message) => Refuses(hocon, message);

    [Theory]
    [InlineData("io { type = PinnedDispatcher", "*line 1*end*io*")]
    [InlineData("\n}", "*line 2*'}'*")]
    [InlineData("io", "*io*")]
    [InlineData("io.type =", "*io.type*")]
    [InlineData("io.type = \"Pinned", "*partner*")]
    [InlineData("= PinnedDispatcher", "*key*")]
    public void Malformed_text_is_refused_with_its_line(string hocon, string message) => Refuses(hocon, message);

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a b")]
    public void A_malformed_system_name_is_refused(string name)
    {
        var create = () => ActorSystem.Create(name);

        create.Should().Throw<ArgumentException>();
    }

    private static void Refuses(string hocon, string message)
    {
        var parse = () => ConfigurationFactory.ParseString(hocon);

        parse.Should().Throw<ConfigurationException>().WithMessage(message);
    }
}
