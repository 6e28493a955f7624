using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;

namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>The certificates of the connections between nodes, read and checked when the host starts.</summary>
internal static class ClusterTls
{
    private const string Operation = "encrypt the connections between nodes";

    /// <exception cref="NeuralinkException">A file is missing, cannot be read, has no private key or is not valid now.</exception>
    public static DotNettySslSetup Setup(ClusterTlsOptions options)
    {
        X509Certificate2 certificate = Load(options);
        X509Certificate2? authority = options.AuthorityPath is null
            ? null : Read(options.AuthorityPath, "an authority's certificate in PEM", pem => X509Certificate2.CreateFromPem(pem));
        return authority is null
            ? new DotNettySslSetup(certificate, suppressValidation: false, requireMutualAuthentication: true)
            : new DotNettySslSetup(
                certificate, suppressValidation: false, requireMutualAuthentication: true,
                (peer, _, name, _, log) => IsSigned(peer, authority, name, log));
    }

    private static X509Certificate2 Load(ClusterTlsOptions options)
    {
        string path = options.CertificatePath;
        if (path.Length == 0)
            throw new NeuralinkException(Operation, $"a file in {ClusterOptions.Section}:Tls:CertificatePath", "none");
        X509Certificate2 certificate = options.KeyPath is { } keyPath
            ? ReadPem(path, keyPath)
            : ReadPkcs12(path, options.PasswordPath is { } p ? Read(p, "a password", text => text.Split('\n')[0].TrimEnd('\r')) : null);
        if (!certificate.HasPrivateKey)
            throw new NeuralinkException(Operation, $"{path} to have its private key", "none", "name the key by KeyPath");
        if (DateTime.UtcNow < certificate.NotBefore.ToUniversalTime() || DateTime.UtcNow > certificate.NotAfter.ToUniversalTime())
        {
            throw new NeuralinkException(
                Operation, $"{path} to be valid now", $"valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}", "renew it");
        }
        return certificate;
    }

    private static X509Certificate2 ReadPem(string path, string keyPath)
    {
        string pem = Read(path, "a certificate in PEM", text =>
        {
            X509Certificate2.CreateFromPem(text).Dispose();
            return text;
        });
        using X509Certificate2 certificate = Read(
            keyPath, "a private key in PEM that fits the certificate", key => X509Certificate2.CreateFromPem(pem, key));
        // A key that was read from PEM lives in this object only, which TLS on Windows does not take.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }

    private static X509Certificate2 ReadPkcs12(string path, string? password)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(path, password);
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException(
                Operation, $"a certificate with its key in PKCS 12 at {path}", error.Message,
                "name a PEM certificate's key by KeyPath, and a password's file by PasswordPath", error);
        }
    }

    private static T Read<T>(string path, string what, Func<string, T> parse)
    {
        try
        {
            return parse(File.ReadAllText(path));
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException(Operation, $"{what} at {path}", error.Message, inner: error);
        }
    }

    /// <summary>Whether the authority signed it, and it is valid now. Names are not compared: nodes are reached by addresses.</summary>
    private static bool IsSigned(X509Certificate2? peer, X509Certificate2 authority, string name, ILoggingAdapter log)
    {
        if (peer is null)
        {
            log.Error("A node without a certificate was refused: {0}", name);
            return false;
        }
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        bool isSigned = chain.Build(peer);
        if (!isSigned)
        {
            log.Error(
                "A node with the certificate {0} was refused: {1}", peer.Subject,
                string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation.Trim())));
        }
        return isSigned;
    }
}
