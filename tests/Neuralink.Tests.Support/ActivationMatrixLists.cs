using Neuralink.Placement.Traces;

namespace Neuralink.Tests.Support;

/// <summary>Makes activation matrices from lists of neurons.</summary>
public static class ActivationMatrixLists
{
    extension(ActivationMatrix)
    {
        /// <summary>The matrix in which each token fires the neurons that it lists.</summary>
        /// <param name="neuronCount">The number of neurons of the layer.</param>
        /// <param name="active">For each token the neurons that fire, in any order.</param>
        public static ActivationMatrix FromLists(int neuronCount, IReadOnlyList<IReadOnlyList<int>> active)
        {
            int rowWords = ActivationMatrix.WordsPerTokenOf(neuronCount);
            ulong[] words = new ulong[active.Count * rowWords];
            for (int token = 0; token < active.Count; token++)
            {
                foreach (int neuron in active[token])
                {
                    ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)neuron, (uint)neuronCount, nameof(active));
                    words[(token * rowWords) + (neuron / 64)] |= 1UL << (neuron % 64);
                }
            }
            return new ActivationMatrix(neuronCount, words);
        }
    }
}
