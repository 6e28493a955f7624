namespace Neuralink.Placement.Synthetic;

/// <summary>
/// Draws synthetic texts. Their words and topics activate clusters of neurons, the same in every layer:
/// <list type="bullet">
/// <item>A text is a sequence of words, drawn by a power law (Zipf's). Each word activates a few clusters.</item>
/// <item>
/// Two topics run beside the words, each for some dozens of tokens. A topic is one cluster, active at about half of its tokens.
/// </item>
/// <item>Some words are common. Each other word belongs to a subject, and the words of a subject prefer the same clusters.</item>
/// <item>
/// A domain ranks words and topics by popularity. The common words come first, and then the words of the domain's two subjects.
/// </item>
/// </list>
/// </summary>
public sealed class SyntheticLanguage
{
    private const int WordCount = 4096, TopicSlots = 2, TopicCount = 64, CommonWords = 16, SubjectCount = 16, SubjectsOfDomain = 2;

    // Zipf-Mandelbrot, with Mandelbrot's own 2.7 for English.
    private const double WordOffset = 2.7;

    private const double ClusterPower = 1.0;        // the cluster at rank r has popularity r^-1
    private const double VocabularyPower = 0.7;     // the same for Vocabulary, where no subjects even it out
    private const double SubjectShuffles = 0.9;     // the share of the clusters whose popularity differs within a subject
    private const double ClustersPerWord = 6;       // the mean of a geometric distribution
    private const int ClustersPerWordMax = 24;
    private const double TopicEnds = 1.0 / 48;      // the probability at each token
    private const double TopicActive = 0.5;         // the probability at each token
    private const int WindowTokens = 256;           // after so many tokens all topics change, as if another text began

    private const ulong WordStream = 1, VocabularyStream = 2, DomainStream = 1000, TextStream = 1UL << 63;

    private readonly ulong _seed;
    private readonly int[][] _clustersOfWord;
    private readonly int[] _clusterOfTopic;
    private readonly double[] _wordPopularity;      // cumulative, by rank
    private readonly double[] _topicPopularity;     // cumulative, by rank

    /// <param name="clusterCount">The number of clusters of a layer, at least 8.</param>
    /// <param name="seed">Another seed gives another language.</param>
    public SyntheticLanguage(int clusterCount, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clusterCount, 8);
        ClusterCount = clusterCount;
        _seed = seed;
        SplitMix64 random = new(seed, WordStream);
        double[] clusters = Cumulative(clusterCount, rank => Math.Pow(rank + 1, -ClusterPower));
        int[] common = [.. Enumerable.Range(0, clusterCount)];
        int[][] ofSubject = new int[SubjectCount][];
        for (int subject = 0; subject < SubjectCount; subject++)
            ofSubject[subject] = PartlyShuffled(common, ref random);
        _clustersOfWord = new int[WordCount][];
        for (int word = 0; word < WordCount; word++)
        {
            int[] ranking = word < CommonWords ? common : ofSubject[word % SubjectCount];
            _clustersOfWord[word] = DrawClusters(clusters, ranking, ref random);
        }
        _clusterOfTopic = new int[TopicCount];
        for (int topic = 0; topic < TopicCount; topic++)
            _clusterOfTopic[topic] = random.NextInteger(clusterCount);
        _wordPopularity = Cumulative(WordCount, rank => 1 / (rank + WordOffset));
        _topicPopularity = Cumulative(TopicCount, rank => Math.Pow(rank + 1, -ClusterPower));
    }

    public int ClusterCount { get; }

    /// <summary>Draws a text.</summary>
    /// <param name="tokenCount">Its length.</param>
    /// <param name="domain">Its domain. Frequencies are calibrated in domain 0.</param>
    /// <param name="number">Which text of that domain.</param>
    public SyntheticText Text(int tokenCount, int domain, int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(domain);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        (int[] words, int[] topics) = Domain(domain);
        SplitMix64 random = new(_seed, TextStream + ((ulong)domain << 32) + (ulong)number);
        int[][] tokens = new int[tokenCount][];
        int[] running = new int[TopicSlots];
        HashSet<int> active = [];
        for (int token = 0; token < tokenCount; token++)
        {
            active.Clear();
            active.UnionWith(_clustersOfWord[words[Draw(_wordPopularity, ref random)]]);
            foreach (ref int topic in running.AsSpan())
            {
                if (token % WindowTokens == 0 || random.NextDouble() < TopicEnds)
                    topic = topics[Draw(_topicPopularity, ref random)];
                if (random.NextDouble() < TopicActive)
                    active.Add(_clusterOfTopic[topic]);
            }
            tokens[token] = [.. active];
        }
        return new SyntheticText(domain, number, tokens);
    }

    /// <summary>Draws, for each token of a vocabulary, the clusters that it activates. There are no subjects.</summary>
    public int[][] Vocabulary(int tokenCount)
    {
        SplitMix64 random = new(_seed, VocabularyStream);
        double[] popularity = Cumulative(ClusterCount, rank => Math.Pow(rank + 1, -VocabularyPower));
        int[] ranking = [.. Enumerable.Range(0, ClusterCount)];
        int[][] clusters = new int[tokenCount][];
        for (int token = 0; token < tokenCount; token++)
            clusters[token] = DrawClusters(popularity, ranking, ref random);
        return clusters;
    }

    // The word and the topic at each rank of popularity.
    private (int[] Words, int[] Topics) Domain(int domain)
    {
        SplitMix64 random = new(_seed, DomainStream + (ulong)domain);
        int[] subjects = [.. Enumerable.Range(0, SubjectCount)], topics = [.. Enumerable.Range(0, TopicCount)];
        random.Shuffle(subjects);
        random.Shuffle(topics);
        int[] words = [.. Enumerable.Range(0, WordCount).OrderBy(PopularityClass).ThenBy(word => word)];
        return (words, topics);

        int PopularityClass(int word)
        {
            if (word < CommonWords)
                return 0;
            return subjects.AsSpan(0, SubjectsOfDomain).Contains(word % SubjectCount) ? 1 : 2;
        }
    }

    private static int[] PartlyShuffled(int[] items, ref SplitMix64 random)
    {
        List<int> places = [];
        for (int place = 0; place < items.Length; place++)
        {
            if (random.NextDouble() < SubjectShuffles)
                places.Add(place);
        }
        int[] targets = [.. places], shuffled = [.. items];
        random.Shuffle(targets);
        foreach ((int from, int to) in places.Zip(targets))
            shuffled[to] = items[from];
        return shuffled;
    }

    private static int[] DrawClusters(double[] popularity, int[] ranking, ref SplitMix64 random)
    {
        HashSet<int> drawn = [ranking[Draw(popularity, ref random)]];
        while (drawn.Count < Math.Min(ClustersPerWordMax, ranking.Length / 2) && random.NextDouble() > 1 / ClustersPerWord)
            drawn.Add(ranking[Draw(popularity, ref random)]);
        return [.. drawn];
    }

    private static int Draw(double[] cumulative, ref SplitMix64 random)
    {
        int found = Array.BinarySearch(cumulative, random.NextDouble());
        return Math.Min(found < 0 ? ~found : found + 1, cumulative.Length - 1);
    }

    private static double[] Cumulative(int count, Func<int, double> weight)
    {
        double[] sums = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++)
            sums[i] = sum += weight(i);
        for (int i = 0; i < count; i++)
            sums[i] /= sum;
        return sums;
    }
}

/// <summary>A text of a <see cref="SyntheticLanguage"/>.</summary>
/// <param name="Domain">Its domain.</param>
/// <param name="Number">Which text of the domain.</param>
/// <param name="ActiveClusters">For each token the clusters that it activates.</param>
public sealed record SyntheticText(int Domain, int Number, IReadOnlyList<int[]> ActiveClusters);
