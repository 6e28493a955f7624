namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>Names for conversations that have none.</summary>
public sealed class ConversationKeyTests
{
    [Fact]
    public void A_prompt_that_goes_on_keeps_its_name_once_it_is_long_enough()
    {
        int[] prompt = [.. Enumerable.Range(0, ConversationKey.PrefixTokens)];
        string key = ConversationKey.OfTokens(prompt);
        ConversationKey.OfTokens([.. prompt, 1, 2, 3]).Should().Be(key);
        ConversationKey.OfTokens(prompt.AsSpan(1)).Should().NotBe(key);
        ConversationKey.OfTokens([1], tokens: 1).Should().Be(ConversationKey.OfTokens([1, 2], tokens: 1));
    }

    [Fact]
    public void Messages_are_told_apart_by_roles_texts_and_where_one_ends()
    {
        string[] keys =
        [
            ConversationKey.OfMessages([("system", "ab"), ("user", "c")]),
            ConversationKey.OfMessages([("system", "a"), ("user", "bc")]),
            ConversationKey.OfMessages([("user", "ab"), ("system", "c")]),
            ConversationKey.OfMessages([("user", "ab")]),
            ConversationKey.OfMessages([]),
        ];
        keys.Should().OnlyHaveUniqueItems().And.AllSatisfy(k => k.Should().HaveLength(32));
        ConversationKey.OfMessages([("system", "ab"), ("user", "c")]).Should().Be(keys[0]);
    }
}
