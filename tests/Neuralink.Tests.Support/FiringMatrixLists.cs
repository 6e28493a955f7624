using Neuralink.Placement.Traces;

namespace Neuralink.Tests.Support;

/// <summary>Makes firing matrices from lists of neurons.</summary>
public static class FiringMatrixLists
{
    extension(FiringMatrix)
    {
        /// <summary>The matrix in which each token fires the neurons that it lists.</summary>
        /// <param name="neuronCount">The number of neurons of the layer.</param>
        /// <param name="firing">For each token the neurons that fire, in any order.</param>
        public static FiringMatrix FromLists(int neuronCount, IReadOnlyList<IReadOnlyList<int>> firing)
        {
            int rowWords = FiringMatrix.WordsPerTokenOf(neuronCount);
            ulong[] words = new ulong[firing.Count * rowWords];
            for (int token = 0; token < firing.Count; token++)
            {
                foreach (int neuron in firing[token])
                {
                    ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)neuron, (uint)neuronCount, nameof(firing));
                    words[(token * rowWords) + (neuron / 64)] |= 1UL << (neuron % 64);
                }
            }
            return new FiringMatrix(neuronCount, words);
        }
    }
}
