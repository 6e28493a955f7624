using System.Runtime.InteropServices;

namespace Neuralink.Kernels.Tests;

/// <summary>Where subnormal numbers turned up, which some processors take 150 cycles for.</summary>
[Flags]
internal enum Subnormals
{
    None = 0,

    /// <summary>An operation had a subnormal operand.</summary>
    Operand = 1 << 1,

    /// <summary>A result was too small for a normal number and was rounded.</summary>
    Result = 1 << 4,
}

/// <summary>
/// The exception flags of this thread's floating-point unit (MXCSR on x86-64): they stick, and so say after a kernel has run whether any
/// of its operations met a subnormal number. The C library's functions on the floating-point environment reach them.
/// </summary>
internal static unsafe partial class SubnormalFlags
{
    // fenv_t of Linux on x86-64: 28 bytes of the x87 unit's state, then MXCSR, whose lowest six bits are the flags.
    private const int EnvironmentBytes = 32;
    private const int MxcsrOffset = 28;
    private const uint AllFlags = 0x3F;

    public static bool AreReadable =>
        OperatingSystem.IsLinux()
        && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && NativeLibrary.TryLoad("libm.so.6", out _);

    /// <summary>What <paramref name="action"/> raises in its second run. The first makes sure that it is compiled.</summary>
    public static Subnormals RaisedBy(Action action)
    {
        action();
        byte* environment = stackalloc byte[EnvironmentBytes];
        ref uint mxcsr = ref *(uint*)(environment + MxcsrOffset);
        GetEnvironment(environment).Should().Be(0);
        mxcsr &= ~AllFlags;
        SetEnvironment(environment).Should().Be(0);
        action();
        _ = GetEnvironment(environment);
        return (Subnormals)mxcsr & (Subnormals.Operand | Subnormals.Result);
    }

    [LibraryImport("libm.so.6", EntryPoint = "fegetenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetEnvironment(byte* environment);

    [LibraryImport("libm.so.6", EntryPoint = "fesetenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(byte* environment);
}

/// <summary>A test that reads <see cref="SubnormalFlags"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SubnormalFactAttribute : FactAttribute
{
    public SubnormalFactAttribute()
    {
        if (!SubnormalFlags.AreReadable)
            Skip = "the floating-point flags are read on x86-64 Linux with glibc only";
    }
}
