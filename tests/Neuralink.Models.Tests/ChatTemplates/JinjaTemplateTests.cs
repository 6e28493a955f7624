using Neuralink.Models.ChatTemplates.Jinja;

namespace Neuralink.Models.Tests.ChatTemplates;

/// <summary>
/// A template ends, in bounded memory, changes nothing that it was given, and is refused by name where it is not understood.
/// </summary>
public sealed class JinjaTemplateTests
{
    [Theory]
    [InlineData("a\n{% include 'x' %}", "'include'", 2)]
    [InlineData("{% extends 'x' %}", "'extends'", 1)]
    [InlineData("{% block x %}{% endblock %}", "'block'", 1)]
    [InlineData("{% do x.append(1) %}", "'do'", 1)]
    [InlineData("\n\n{{ x|xmlattr }}", "'xmlattr'", 3)]
    [InlineData("{{ x is weird }}", "'weird'", 1)]
    [InlineData("{% for x in y recursive %}{% endfor %}", "recursive", 1)]
    [InlineData("{% break %}", "outside of a loop", 1)]
    [InlineData("{% for x in y %}", "'endfor'", 1)]
    [InlineData("{% raw %}x", "'endraw'", 1)]
    [InlineData("{# x", "'#}'", 1)]
    [InlineData("{{ (1 }}", "'}'", 1)]
    [InlineData("{{ '\\N{DASH}' }}", "\\N", 1)]
    [InlineData("{{ 99999999999999999999 }}", "64 bits", 1)]
    [InlineData("{% set true = 1 %}", "'true'", 1)]
    public void What_is_not_understood_is_refused_by_name_and_line(string template, string named, int line)
    {
        JinjaException error = FluentActions.Invoking(() => JinjaTemplate.Parse(template)).Should().Throw<JinjaException>().Which;
        error.Message.Should().Contain(named);
        error.Line.Should().Be(line);
    }

    [Theory]
    [InlineData("x\n{{ y.z }}", "'y', which is undefined", 2)]
    [InlineData("{{ 'a' + 1 }}", "a string + an integer", 1)]
    [InlineData("{{ f(1) }}", "a call of 'f'", 1)]
    [InlineData("{{ 'a'.format(1) }}", "'format'", 1)]
    [InlineData("{{ 'a'.upper(1) }}", "arguments", 1)]
    [InlineData("{{ [1]|tojson(style='x') }}", "'style'", 1)]
    [InlineData("{{ messages.append(1) }}", "may not change", 1)]
    [InlineData("{{ {'a': 1}.update({'b': 2}) }}", "may not change", 1)]
    [InlineData("{% set messages.x = 1 %}", "no namespace", 1)]
    [InlineData("{{ 1 / 0 }}", "division by zero", 1)]
    [InlineData("{{ 2 ** 64 }}", "64 bits", 1)]
    [InlineData("{{ strftime_now('%Q') }}", "'%Q'", 1)]
    [InlineData("{% for a, b in [[1]] %}{% endfor %}", "1 values for 2 names", 1)]
    public void What_cannot_be_done_is_said_with_its_line(string template, string named, int line)
    {
        JinjaException error = FluentActions.Invoking(() => Render(template)).Should().Throw<JinjaException>().Which;
        error.Message.Should().Contain(named);
        error.Line.Should().Be(line);
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ 'x' * 1000000000 }}")]
    [InlineData("{{ [1] * 1000000000 }}")]
    [InlineData("{{ range(1000000) }}")]
    [InlineData("{{ 'x'|center(1000000000) if false else 'x'.ljust(1000000000) }}")]
    [InlineData("{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}")]
    public void A_template_that_does_not_end_is_ended(string template) =>
        FluentActions.Invoking(() => Render(template)).Should().Throw<JinjaException>();

    [Theory]
    [InlineData("(", 1000)]
    [InlineData("[", 1000)]
    [InlineData("not ", 1000)]
    [InlineData("-", 1000)]
    public void A_template_that_nests_too_deeply_is_refused(string part, int times) =>
        FluentActions.Invoking(() => JinjaTemplate.Parse("{{ " + string.Concat(Enumerable.Repeat(part, times)) + "1 }}"))
            .Should().Throw<JinjaException>();

    [Fact]
    public void Damaged_templates_render_or_fail_in_words_and_nothing_else()
    {
        const string Template =
            "{%- set ns = namespace(a=1) -%}{% for m in messages if m.role != 'x' %}{{ loop.index ~ m['content'][1:-1] }}"
            + "{% else %}{# none #}{% endfor %}{% macro f(x='y') %}{{ x|tojson(indent=2) }}{% endmacro %}{{ f(x=[1, 2.5, none]) }}";
        Random random = new(1);
        for (int i = 0; i < 3000; i++)
        {
            char[] damaged = Template[..random.Next(Template.Length + 1)].ToCharArray();
            for (int flips = random.Next(3); flips > 0 && damaged.Length > 0; flips--)
                damaged[random.Next(damaged.Length)] = "{%}#-|'\"()[].~ x1"[random.Next(17)];
            try
            {
                Render(new string(damaged));
            }
            catch (JinjaException error)
            {
                error.Line.Should().BePositive();
            }
        }
    }

    [Theory]
    [InlineData("{{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1.5e300 }}", "1e+16 1000000000000000.0 0.0001 1e-05 1.5e+300")]
    [InlineData("{{ 0.1 + 0.2 }} {{ -0.0 }} {{ 1.0 }}", "0.30000000000000004 -0.0 1.0")]
    [InlineData("{{ [1, 'it\\'s', none, (2,)] }}", "[1, \"it's\", None, (2,)]")]
    [InlineData("{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 // -2 }} {{ 2 ** -1 }}", "-4 2 -4 0.5")]
    [InlineData("{{ '😀x'|length }}{{ '😀x'[1] }}{{ '😀x'[::-1] }}", "2xx😀")]
    [InlineData("{{ '  a  b '.split() }}{{ 'a b c'.split(' ', 1) }}{{ 'a\\nb\\n'.splitlines() }}", "['a', 'b']['a', 'b c']['a', 'b']")]
    [InlineData("{% set x %} a {% endset %}[{{ x }}]{% set y | trim | upper %} b {% endset %}[{{ y }}]", "[ a ][B]")]
    [InlineData("{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "3False")]
    [InlineData("{% generation %}a{% endgeneration %}b", "ab")]
    [InlineData("{{ strftime_now('%d %b %Y, %H:%M %-d') }}", "03 Feb 2025, 04:05 3")]
    [InlineData("{{ 'a,b'.partition(',') }}{{ 'x'.zfill(3) }}{{ 'ab'.find('c') }}", "('a', ',', 'b')00x-1")]
    [InlineData("{{ {1: 'a', true: 'b', none: 'c'} }}", "{1: 'b', None: 'c'}")]
    [InlineData("{% for g, l in [{'k': 2}, {'k': 1}]|groupby('k') %}{{ g }}{{ l|length }}{% endfor %}", "1121")]
    [InlineData("{{ ['a', 'B', 'A']|unique|join }}{{ ['b', 'A']|sort(reverse=true)|join }}{{ [3, 1]|min }}", "aBbA1")]
    [InlineData("{% for x in [1] %}{{ x }}{% continue %}{% else %}e{% endfor %}", "1e")]
    [InlineData("{% for x in [1, 2] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% else %}e{% endfor %}", "1")]
    [InlineData("{% set g = []|map('upper') %}{{ 'true' if g else 'false' }}{% set g = ['a']|map('upper') %}{{ g|join }}{{ g|join }}",
        "trueA")]
    [InlineData("{{ -3|abs }} {{ true|abs }} {{ 7|round(1) }} {{ 2.5|round }} {{ 2.45|round(1, 'ceil') }} {{ none[1:] }}",
        "3 1 7 2.0 2.5 ")]
    [InlineData("{{ 'it is, so'|wordcount }} {{ {'a': 'x y'}|urlencode }} {{ 2 * [1] }} {{ 4.0 is divisibleby 2 }}", "3 a=x+y [1, 1] True")]
    [InlineData("{{ 'x' if undefinedname is defined else undefinedname|default('d') }}", "d")]
    [InlineData("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(b=3, a=4) }}{{ m(*[5, 6]) }}", "124356")]
    public void Values_print_and_compute_as_in_Python(string template, string expected) => Render(template).Should().Be(expected);

    private static string Render(string template) => JinjaTemplate.Parse(template).Render(
        [KeyValuePair.Create("messages", (object?)JinjaList.Of([]))], new DateTimeOffset(2025, 2, 3, 4, 5, 6, TimeSpan.Zero));
}
