namespace Neuralink.Storage;

/// <summary>A long file that appears whole or not at all: written under a temporary name beside its own, and renamed.</summary>
public static class AtomicFile
{
    /// <summary>Whether a file may be written at <paramref name="path"/>, for whoever has long work to do before.</summary>
    /// <exception cref="NeuralinkException">A folder is there, or a file that is not to be replaced, or no folder for it.</exception>
    public static void CheckName(string path, bool replace)
    {
        string operation = $"write {path}";
        if (Directory.Exists(path))
            throw new NeuralinkException(operation, "the name of a file", "a folder", "choose another name");
        if (!replace && File.Exists(path))
        {
            throw new NeuralinkException(
                operation, "no such file", "it exists", "choose another name with --output, or replace it with --force");
        }
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new NeuralinkException(operation, $"the folder {folder}", "no such folder", "make it, or choose another name");
    }

    /// <summary>Writes the file.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="replace">Whether a file of that name is replaced.</param>
    /// <param name="write">Writes it under the name that it is given, and syncs it.</param>
    /// <exception cref="NeuralinkException">It may not be written, or the disk is full or fails; nothing is left behind.</exception>
    public static void Write(string path, bool replace, Action<string> write)
    {
        CheckName(path, replace);
        string temporary = $"{path}.tmp-{Path.GetRandomFileName()}";
        try
        {
            write(temporary);
            File.Move(temporary, path, replace);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(path, error);
        }
        finally
        {
            File.Delete(temporary);     // there only after a failure
        }
    }
}
