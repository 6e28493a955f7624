using System.Text;

namespace Neuralink.Actors.Runtime;

/// <summary>The names actors may have: a path element of RFC 2396 that does not begin with a dollar sign.</summary>
internal static class ActorName
{
    private const string Symbols = "\"-_.*$+:@&=,!~';()";
    private const string Digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";

    /// <exception cref="InvalidActorNameException">The name is malformed.</exception>
    public static void Validate(string name)
    {
        if (name.Length == 0)
            throw new InvalidActorNameException("Actor name must not be empty.");
        if (name[0] == '$' || !IsPathElement(name))
        {
            throw new InvalidActorNameException(
                $"Illegal actor name [{name}]: only ASCII letters, digits and {Symbols} are allowed, and no dollar sign first.");
        }
    }

    /// <summary>$a, $b, ... $~, $ab, ...: the least significant digit first.</summary>
    public static string Generate(long number)
    {
        var name = new StringBuilder("$");
        do
        {
            name.Append(Digits[(int)(number % Digits.Length)]);
            number /= Digits.Length;
        }
        while (number > 0);
        return name.ToString();
    }

    private static bool IsPathElement(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '%' && i + 2 < name.Length && char.IsAsciiHexDigit(name[i + 1]) && char.IsAsciiHexDigit(name[i + 2]))
                i += 2;
            else if (!char.IsAsciiLetterOrDigit(name[i]) && !Symbols.Contains(name[i], StringComparison.Ordinal))
                return false;
        }

        return true;
    }
}
