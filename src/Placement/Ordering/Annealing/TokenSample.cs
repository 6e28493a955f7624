namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>The tokens that the search uses: for each token the neurons it wants, and for each neuron the tokens that want it.</summary>
internal sealed class TokenSample
{
    private readonly int[] _neurons;        // wanted neurons, token after token
    private readonly int[] _tokenBegins;    // [tokens + 1], where each token's neurons begin
    private readonly int[] _tokens;         // wanting tokens, neuron after neuron
    private readonly int[] _neuronBegins;   // [neurons + 1], where each neuron's tokens begin

    /// <param name="neuronCount">The number of neurons of the layer.</param>
    /// <param name="wanted">For each token the neurons it wants.</param>
    public TokenSample(int neuronCount, IReadOnlyList<int[]> wanted)
    {
        NeuronCount = neuronCount;
        TokenCount = wanted.Count;
        _tokenBegins = new int[wanted.Count + 1];
        _neuronBegins = new int[neuronCount + 1];
        for (int token = 0; token < wanted.Count; token++)
        {
            _tokenBegins[token + 1] = _tokenBegins[token] + wanted[token].Length;
            foreach (int neuron in wanted[token])
                _neuronBegins[neuron + 1]++;
        }
        for (int neuron = 0; neuron < neuronCount; neuron++)
            _neuronBegins[neuron + 1] += _neuronBegins[neuron];
        _neurons = [.. wanted.SelectMany(neurons => neurons)];
        _tokens = new int[_neurons.Length];
        int[] next = _neuronBegins[..neuronCount];
        for (int token = 0; token < wanted.Count; token++)
        {
            foreach (int neuron in wanted[token])
                _tokens[next[neuron]++] = token;
        }
    }

    public int NeuronCount { get; }

    public int TokenCount { get; }

    /// <summary>The neurons that <paramref name="token"/> wants.</summary>
    public ReadOnlySpan<int> NeuronsOf(int token) => _neurons.AsSpan(_tokenBegins[token].._tokenBegins[token + 1]);

    /// <summary>The tokens that want <paramref name="neuron"/>, ascending.</summary>
    public ReadOnlySpan<int> TokensOf(int neuron) => _tokens.AsSpan(_neuronBegins[neuron].._neuronBegins[neuron + 1]);
}
