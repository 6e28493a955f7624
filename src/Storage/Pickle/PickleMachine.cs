using System.Globalization;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// The stack machine that a pickle is a programme of. It builds plain values only: what a pickle names is looked up in a list of our own,
/// and nothing that is not in it is ever called. Each instruction makes at most one value, so memory is bounded by the number of
/// instructions, and there is no recursion. Format: Python's Lib/pickletools.py.
/// </summary>
internal sealed class PickleMachine
{
    // A tensor of a state dict takes about 30 instructions: this is room for some 60,000 of them.
    private const int InstructionsMax = 1 << 21;
    private const int ProtocolMax = 5;

    private readonly PickleInput _input;
    private readonly PickleWorld _world;
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];

    private PickleMachine(PickleInput input, PickleWorld world)
    {
        _input = input;
        _world = world;
    }

    /// <summary>Runs one pickle to its STOP.</summary>
    /// <returns>Its value.</returns>
    /// <exception cref="InvalidPickleException">It is no pickle, or names what may not be in it.</exception>
    public static object? Run(PickleInput input, PickleWorld world)
    {
        PickleMachine machine = new(input, world);
        for (int count = 0; count < InstructionsMax; count++)
        {
            PickleOpcode opcode = (PickleOpcode)input.Byte();
            if (opcode == PickleOpcode.Stop)
                return machine.Pop();
            machine.Execute(opcode);
        }
        throw new InvalidPickleException($"a pickle of at most {InstructionsMax} instructions", "more");
    }

    private void Execute(PickleOpcode opcode)
    {
        if (!Literal(opcode) && !Collection(opcode) && !Memo(opcode) && !Reference(opcode))
        {
            throw new InvalidPickleException(
                "the instructions that a checkpoint's pickle needs", $"0x{(byte)opcode:X2} at byte {_input.Position - 1}");
        }
    }

    private bool Literal(PickleOpcode opcode)
    {
        object? value;
        switch (opcode)
        {
            case PickleOpcode.None: value = null; break;
            case PickleOpcode.NewTrue: value = true; break;
            case PickleOpcode.NewFalse: value = false; break;
            case PickleOpcode.BinInt: value = (long)_input.Int32(); break;
            case PickleOpcode.BinInt1: value = (long)_input.Byte(); break;
            case PickleOpcode.BinInt2: value = (long)_input.UInt16(); break;
            case PickleOpcode.Long1: value = Number(_input.Byte()); break;
            case PickleOpcode.Long4: value = Number(_input.UInt32()); break;
            case PickleOpcode.Int: value = TextNumber(_input.Line()); break;
            case PickleOpcode.Long: value = TextNumber(_input.Line().TrimEnd('L')); break;
            case PickleOpcode.BinFloat: value = _input.BigEndianDouble(); break;
            case PickleOpcode.Float: value = TextFloat(_input.Line()); break;
            case PickleOpcode.BinUnicode or PickleOpcode.BinString: value = _input.Text(_input.UInt32()); break;
            case PickleOpcode.ShortBinUnicode or PickleOpcode.ShortBinString: value = _input.Text(_input.Byte()); break;
            case PickleOpcode.BinUnicode8: value = _input.Text(_input.UInt64()); break;
            case PickleOpcode.String: value = Quoted(_input.Line()); break;
            case PickleOpcode.Unicode: value = NotEscaped(_input.Line()); break;
            case PickleOpcode.BinBytes: value = _input.Bytes(_input.UInt32()); break;
            case PickleOpcode.ShortBinBytes: value = _input.Bytes(_input.Byte()); break;
            case PickleOpcode.BinBytes8: value = _input.Bytes(_input.UInt64()); break;
            default: return false;
        }
        _stack.Add(value);
        return true;
    }

    private bool Collection(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark: _marks.Push(_stack.Count); break;
            case PickleOpcode.Pop: Pop(); break;
            case PickleOpcode.PopMark: PopMark(); break;
            case PickleOpcode.Dup: _stack.Add(Top()); break;
            case PickleOpcode.EmptyList: _stack.Add(new List<object?>()); break;
            case PickleOpcode.EmptyTuple: _stack.Add(Array.Empty<object?>()); break;
            case PickleOpcode.EmptyDict: _stack.Add(new PickleDictionary()); break;
            case PickleOpcode.List: _stack.Add(PopMark().ToList()); break;
            case PickleOpcode.Tuple: _stack.Add(PopMark()); break;
            case PickleOpcode.Tuple1: _stack.Add(PopMany(1)); break;
            case PickleOpcode.Tuple2: _stack.Add(PopMany(2)); break;
            case PickleOpcode.Tuple3: _stack.Add(PopMany(3)); break;
            case PickleOpcode.Dict: _stack.Add(SetItems(new PickleDictionary(), PopMark())); break;
            case PickleOpcode.Append: AppendTo(PopMany(1)); break;
            case PickleOpcode.Appends: AppendTo(PopMark()); break;
            case PickleOpcode.SetItem: SetItemsOfTop(PopMany(2)); break;
            case PickleOpcode.SetItems: SetItemsOfTop(PopMark()); break;
            default: return false;
        }
        return true;
    }

    private bool Memo(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Put: _memo[Index(_input.Line())] = Top(); break;
            case PickleOpcode.BinPut: _memo[_input.Byte()] = Top(); break;
            case PickleOpcode.LongBinPut: _memo[_input.UInt32()] = Top(); break;
            case PickleOpcode.Memoize: _memo[_memo.Count] = Top(); break;
            case PickleOpcode.Get: Recall(Index(_input.Line())); break;
            case PickleOpcode.BinGet: Recall(_input.Byte()); break;
            case PickleOpcode.LongBinGet: Recall(_input.UInt32()); break;
            default: return false;
        }
        return true;
    }

    /// <summary>Instructions that name something, and what frames the others.</summary>
    private bool Reference(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto: CheckProtocol(_input.Byte()); break;
            case PickleOpcode.Frame: _input.UInt64(); break;
            case PickleOpcode.Global: _stack.Add(_world.Find(_input.Line(), _input.Line())); break;
            case PickleOpcode.StackGlobal: StackGlobal(); break;
            case PickleOpcode.Inst: Make(_world.Find(_input.Line(), _input.Line()), PopMark()); break;
            case PickleOpcode.Obj: MakeObject(PopMark()); break;
            case PickleOpcode.Reduce or PickleOpcode.NewObj: Reduce(); break;
            case PickleOpcode.Build: Pop(); break;            // attributes: no value here has any
            case PickleOpcode.PersId: _stack.Add(_world.Load(_input.Line())); break;
            case PickleOpcode.BinPersId: _stack.Add(_world.Load(Pop())); break;
            default: return false;
        }
        return true;
    }

    private static void CheckProtocol(byte protocol)
    {
        if (protocol > ProtocolMax)
            throw new InvalidPickleException($"a pickle of protocol 0 to {ProtocolMax}", $"protocol {protocol}");
    }

    private void StackGlobal()
    {
        if (PopMany(2) is not [string module, string name])
            throw new InvalidPickleException("two texts to name a global", "another value");
        _stack.Add(_world.Find(module, name));
    }

    private void MakeObject(object?[] parts)
    {
        if (parts is not [PickleGlobal global, ..])
            throw new InvalidPickleException("a constructor to call", Describe(parts.FirstOrDefault()));
        Make(global, parts[1..]);
    }

    private void Reduce()
    {
        object?[] parts = PopMany(2);
        if (parts is not [PickleGlobal global, object?[] arguments])
            throw new InvalidPickleException("a constructor to call with a tuple", $"{Describe(parts[0])} with {Describe(parts[1])}");
        Make(global, arguments);
    }

    private void Make(PickleGlobal global, object?[] arguments) => _stack.Add(global.Call is { } call
        ? call(arguments)
        : throw new InvalidPickleException("a constructor to call", $"the constant {global.Name}"));

    private object? Top() => _stack.Count > 0 && (_marks.Count == 0 || _stack.Count > _marks.Peek())
        ? _stack[^1]
        : throw new InvalidPickleException("a value on the pickle's stack", $"none at byte {_input.Position - 1}");

    private object? Pop()
    {
        object? top = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private object?[] PopMany(int count)
    {
        object?[] values = new object?[count];
        for (int i = count; i-- > 0;)
            values[i] = Pop();
        return values;
    }

    private object?[] PopMark()
    {
        if (!_marks.TryPop(out int begin))
            throw new InvalidPickleException("a mark on the pickle's stack", $"none at byte {_input.Position - 1}");
        object?[] values = [.. _stack[begin..]];
        _stack.RemoveRange(begin, _stack.Count - begin);
        return values;
    }

    private void AppendTo(object?[] values)
    {
        if (Top() is not List<object?> list)
            throw new InvalidPickleException("a list to append to", Describe(Top()));
        list.AddRange(values);
    }

    private void SetItemsOfTop(object?[] items)
    {
        if (Top() is not PickleDictionary dictionary)
            throw new InvalidPickleException("a dictionary to put items into", Describe(Top()));
        SetItems(dictionary, items);
    }

    private static PickleDictionary SetItems(PickleDictionary dictionary, object?[] items)
    {
        if (items.Length % 2 != 0)
            throw new InvalidPickleException("a value to every key", "a key without one");
        for (int i = 0; i < items.Length; i += 2)
            dictionary.Set(items[i], items[i + 1]);
        return dictionary;
    }

    private void Recall(long index) => _stack.Add(_memo.TryGetValue(index, out object? value)
        ? value
        : throw new InvalidPickleException("a value that was kept before", $"the number {index} of none"));

    /// <summary>A little-endian number of so many bytes; one that is longer than 64 bits stays bytes.</summary>
    private object Number(uint length)
    {
        byte[] bytes = _input.Bytes(length);
        if (bytes.Length > sizeof(long))
            return bytes;
        long number = bytes.Length > 0 && bytes[^1] >= 0x80 ? -1 : 0;
        for (int i = bytes.Length; i-- > 0;)
            number = (number << 8) | bytes[i];
        return number;
    }

    // Protocol 0 writes booleans as 00 and 01.
    private static object TextNumber(string text) => text switch
    {
        "00" => false,
        "01" => true,
        _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new InvalidPickleException("a number of at most 64 bits", $"\"{text}\""),
    };

    private static double TextFloat(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out double number)
        ? number
        : throw new InvalidPickleException("a number", $"\"{text}\"");

    private static long Index(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long index)
        ? index
        : throw new InvalidPickleException("the number of a value that is kept", $"\"{text}\"");

    private static string Quoted(string text) => text.Length >= 2 && text[0] == text[^1] && text[0] is '\'' or '"'
        ? NotEscaped(text[1..^1])
        : throw new InvalidPickleException("a text in quotes", text);

    private static string NotEscaped(string text) => text.Contains('\\', StringComparison.Ordinal)
        ? throw new InvalidPickleException("a plain text", "one with escapes, as protocol 0 writes it")
        : text;

    /// <summary>What a value is, for messages.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "None",
        string => "a text",
        long or double => "a number",
        bool => "a truth value",
        byte[] => "bytes",
        object?[] => "a tuple",
        List<object?> => "a list",
        PickleDictionary => "a dictionary",
        PickleGlobal global => global.Name,
        TorchTensor => "a tensor",
        _ => "another object",
    };
}
