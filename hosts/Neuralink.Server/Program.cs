using Neuralink.Server;

return await ServerHost.RunAsync(args).ConfigureAwait(false);
