using System.CommandLine;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Placements;

/// <summary>`neuralink placement`: what there is to ask about orders of neurons.</summary>
internal static class PlacementCommand
{
    public static string[] Examples => CompareCommand.Examples;

    public static Command Create(Surroundings surroundings) =>
        new("placement", "Judge ways to order neurons on flash, before any image is written.") { CompareCommand.Create(surroundings) };
}
