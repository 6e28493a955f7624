global using Neuralink.Kernels;
