namespace Neuralink.Studies.Cells;

/// <summary>Runs cells: simulated ones on any thread, several at once; measured ones one after the other.</summary>
internal interface ICellRunner
{
    /// <summary>Runs a cell.</summary>
    /// <exception cref="Storage.NeuralinkException">It cannot be run: no such model, device or order, or it does not fit.</exception>
    public CellResult Run(StudyCell cell, CancellationToken cancellation);
}
