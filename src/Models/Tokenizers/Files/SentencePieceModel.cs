using Neuralink.Models.Tokenizers.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>What a piece of a SentencePiece vocabulary is; the numbers are the file's, and a GGUF's.</summary>
internal enum PieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>A piece of a SentencePiece vocabulary; its id is its place.</summary>
internal readonly record struct Piece(string Text, float Score, PieceKind Kind);

/// <summary>
/// What a tokenizer.model says, as SentencePiece's sentencepiece_model.proto defines it: the pieces, how they were trained, and how text is
/// normalised. Fields of other numbers are about training, and make no difference.
/// </summary>
internal sealed class SentencePieceModel
{
    private const long FileBytesMax = 64L << 20;
    private const int Unigram = 1, Bpe = 2;

    private SentencePieceModel(string path)
    {
        Path = path;
    }

    public string Path { get; }

    public List<Piece> Pieces { get; } = [];

    public bool IsUnigram { get; private set; } = true;

    public bool FallsBackToBytes { get; private set; }

    public bool AddsPrefix { get; private set; } = true;

    public bool RemovesExtraSpaces { get; private set; } = true;

    public string BosPiece { get; private set; } = "<s>";

    public string EosPiece { get; private set; } = "</s>";

    public string UnknownPiece { get; private set; } = "<unk>";

    /// <exception cref="NeuralinkException">The file is damaged, or of a kind that is not supported.</exception>
    public static SentencePieceModel Read(string path)
    {
        byte[] bytes = FileBytes.Read(path, FileBytesMax);
        const byte firstPiece = 1 << 3 | 2;
        if (bytes.Length == 0 || bytes[0] != firstPiece)
        {
            FileKind? kind = FileKind.Recognize(bytes.AsSpan(0, Math.Min(bytes.Length, FileKind.HeadBytes)));
            throw new NeuralinkException(
                $"read {path}", "a SentencePiece model", kind?.Name ?? "another kind of file",
                kind is { IsPlainText: false }
                    ? kind.Advice : "convert the tokenizer to a tokenizer.json, as Hugging Face's AutoTokenizer saves it");
        }
        SentencePieceModel model = new(path);
        ProtobufFields fields = new(path, "ModelProto", bytes);
        foreach (ProtobufField field in fields.Read())
        {
            switch (field.Number)
            {
                case 1:
                    model.Pieces.Add(ReadPiece(fields.Message(field, "SentencePiece")));
                    break;
                case 2:
                    model.ReadTrainer(fields.Message(field, "TrainerSpec"));
                    break;
                case 3:
                    model.ReadNormalizer(fields.Message(field, "NormalizerSpec"));
                    break;
            }
        }
        return model.Pieces.Count <= VocabularyReader.TokensMax
            ? model
            : throw model.Refuse($"at most {VocabularyReader.TokensMax} pieces", $"{model.Pieces.Count}");
    }

    public NeuralinkException Refuse(string expected, string found) => new($"read {Path}", expected, found);

    private static Piece ReadPiece(ProtobufFields fields)
    {
        Piece piece = new("", 0, PieceKind.Normal);
        foreach (ProtobufField field in fields.Read())
        {
            piece = field.Number switch
            {
                1 => piece with { Text = fields.Text(field) },
                2 => piece with { Score = fields.Single(field) },
                3 => piece with { Kind = (PieceKind)fields.Integer(field, (int)PieceKind.Byte) },
                _ => piece,
            };
        }
        return piece;
    }

    private void ReadTrainer(ProtobufFields fields)
    {
        foreach (ProtobufField field in fields.Read())
        {
            switch (field.Number)
            {
                case 3:
                    int type = fields.Integer(field, int.MaxValue);
                    IsUnigram = type switch
                    {
                        Unigram => true,
                        Bpe => false,
                        3 => throw Refuse("a model of type UNIGRAM or BPE", "type WORD"),
                        4 => throw Refuse("a model of type UNIGRAM or BPE", "type CHAR"),
                        _ => throw Refuse("a model of type UNIGRAM or BPE", $"type {type}"),
                    };
                    break;
                case 24 when fields.Flag(field):
                    throw Refuse("white space in front of words", "treat_whitespace_as_suffix");
                case 35:
                    FallsBackToBytes = fields.Flag(field);
                    break;
                case 45:
                    UnknownPiece = fields.Text(field);
                    break;
                case 46:
                    BosPiece = fields.Text(field);
                    break;
                case 47:
                    EosPiece = fields.Text(field);
                    break;
            }
        }
    }

    private void ReadNormalizer(ProtobufFields fields)
    {
        foreach (ProtobufField field in fields.Read())
        {
            switch (field.Number)
            {
                case 2 when field.Bytes.Length > 0:
                    throw Refuse("text that is not normalised (identity)", "a normalisation by rules (precompiled_charsmap)");
                case 3:
                    AddsPrefix = fields.Flag(field);
                    break;
                case 4:
                    RemovesExtraSpaces = fields.Flag(field);
                    break;
                case 5 when !fields.Flag(field):
                    throw Refuse("spaces written as a sign of their own", "escape_whitespaces false");
            }
        }
    }
}
