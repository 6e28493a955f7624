using System.Globalization;
using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers;

public class AstralShadowTests
{
    [Fact]
    public void Each_category_has_a_stand_in_of_that_category()
    {
        foreach (UnicodeCategory category in Enum.GetValues<UnicodeCategory>().Where(category => category != UnicodeCategory.Surrogate))
        {
            char.GetUnicodeCategory(AstralShadow.StandIn(category)).Should().Be(category);
        }
    }

    [Fact]
    public void A_shadow_has_one_char_a_rune_and_leads_back_to_the_text()
    {
        const string text = "a\U0001F600\uD83Db\U00020000";
        char[] shadow = new char[text.Length];

        int count = AstralShadow.Write(text, shadow);

        new string(shadow, 0, count).Should().Be("a\u00A6\uFFFDb\u01BB");
        Enumerable.Range(0, count + 1).Select(runes => AstralShadow.CharsOf(text, runes)).Should().Equal(0, 1, 3, 4, 5, 7);
    }
}
