namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>The operators + - * / // % ** and the sign, with Python's results.</summary>
internal static class JinjaArithmetic
{
    public static object? Apply(string symbol, object? left, object? right)
    {
        if (left is bool)
            left = (bool)left ? 1L : 0L;
        if (right is bool)
            right = (bool)right ? 1L : 0L;
        try
        {
            return (left, right) switch
            {
                (long a, long b) => Integers(symbol, a, b),
                (long or double, long or double) => Floats(symbol, JinjaOperators.ToDouble(left), JinjaOperators.ToDouble(right)),
                (string a, string b) when symbol == "+" => Concat(a, b),
                (string a, _) when symbol == "%" => PrintfText.Format(a, right is JinjaList { IsTuple: true } t ? t.Items : [right]),
                (string a, long n) when symbol == "*" => Repeat(a, n),
                (long n, string a) when symbol == "*" => Repeat(a, n),
                (JinjaList a, JinjaList b) when symbol == "+" && a.IsTuple == b.IsTuple =>
                    new JinjaList([.. a.Items, .. b.Items], a.IsTuple),
                (JinjaList a, long n) when symbol == "*" => Repeat(a, n),
                (long n, JinjaList a) when symbol == "*" => Repeat(a, n),
                _ => throw new JinjaException($"{JinjaOperators.Describe(left)} {symbol} {JinjaOperators.Describe(right)}"),
            };
        }
        catch (OverflowException)
        {
            throw new JinjaException($"an integer beyond 64 bits from '{symbol}'");
        }
        catch (DivideByZeroException)
        {
            throw new JinjaException("a division by zero");
        }
    }

    public static object Sign(bool isMinus, object? value) => value switch
    {
        bool flag => (object)(flag ? (isMinus ? -1L : 1L) : 0L),
        long number => isMinus ? checked(-number) : number,
        double number => isMinus ? -number : number,
        _ => throw new JinjaException($"a sign before {JinjaOperators.Describe(value)}"),
    };

    private static object Integers(string symbol, long a, long b) => symbol switch
    {
        "+" => (object)checked(a + b),
        "-" => checked(a - b),
        "*" => checked(a * b),
        "/" => b == 0 ? throw new DivideByZeroException() : (double)a / b,
        "//" => FloorDivide(a, b),
        "%" => checked(a - (FloorDivide(a, b) * b)),
        _ => b < 0 ? Math.Pow(a, b) : (object)Power(a, b),
    };

    private static long FloorDivide(long a, long b)
    {
        long quotient = checked(a / b);
        return (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient;
    }

    private static long Power(long a, long exponent)
    {
        long result = 1;
        for (long square = a; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
                result = checked(result * square);
            if (exponent > 1)
                square = checked(square * square);
        }
        return result;
    }

    private static double Floats(string symbol, double a, double b)
    {
        if (b == 0 && symbol is "/" or "//" or "%")
            throw new DivideByZeroException();
        return symbol switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor(a / b),
            "%" => a - (Math.Floor(a / b) * b),
            _ => Math.Pow(a, b),
        };
    }

    private static string Concat(string a, string b)
    {
        RenderState.CheckLength((long)a.Length + b.Length);
        return string.Concat(a, b);
    }

    private static string Repeat(string text, long times)
    {
        RenderState.CheckLength(text.Length * (Int128)Math.Max(times, 0));
        return string.Concat(Enumerable.Repeat(text, (int)Math.Max(times, 0)));
    }

    private static JinjaList Repeat(JinjaList list, long times)
    {
        RenderState.CheckLength(list.Items.Count * (Int128)Math.Max(times, 0));
        return new JinjaList([.. Enumerable.Repeat(list.Items, (int)Math.Max(times, 0)).SelectMany(items => items)], list.IsTuple);
    }
}
