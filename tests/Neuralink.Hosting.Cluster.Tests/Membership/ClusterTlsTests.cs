using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Tests.Membership;

/// <summary>Encrypted connections between nodes, and what becomes of nodes with the wrong certificate.</summary>
public sealed class ClusterTlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Nodes_with_certificates_of_one_authority_work_together_and_no_other_joins_them()
    {
        ClusterTlsOptions ours = Certificate("ours"), theirs = Certificate("theirs");
        await using TestNode first = await TestNode.StartAsync("n0", configure: o => o.Tls = ours);
        await first.Node.WhenMember.WaitAsync(Eventually.Max);
        await using TestNode stranger = await TestNode.StartAsync("stranger", [first.Seed], configure: o => o.Tls = theirs);
        await using TestNode plain = await TestNode.StartAsync("plain", [first.Seed]);
        await using TestNode second = await TestNode.StartAsync("n1", [first.Seed], configure: o => o.Tls = ours);
        await second.Node.WhenMember.WaitAsync(Eventually.Max);
        (await ThreeNodes.RunAsync(second, ThreeNodes.Prompt(1))).Tokens.Should().HaveCount(4);
        stranger.Node.WhenMember.IsCompleted.Should().BeFalse();
        plain.Node.WhenMember.IsCompleted.Should().BeFalse();
        Akka.Cluster.Cluster.Get(first.System).State.Members.Should().HaveCount(2);
    }

    [Fact]
    public void A_certificate_that_cannot_be_used_is_named_when_the_host_starts()
    {
        ClusterTlsOptions good = Certificate("good"), other = Certificate("other"), old = Certificate("old", days: -1);
        string text = Path.Combine(_folder, "text.pem");
        File.WriteAllText(text, "not a certificate");
        Fails(new ClusterTlsOptions(), "*Tls:CertificatePath*");
        Fails(new ClusterTlsOptions { CertificatePath = "/nonexistent.pem", KeyPath = good.KeyPath }, "*/nonexistent.pem*");
        Fails(new ClusterTlsOptions { CertificatePath = text, KeyPath = good.KeyPath }, "*text.pem*");
        Fails(new ClusterTlsOptions { CertificatePath = good.CertificatePath, KeyPath = other.KeyPath }, "*other.key*");
        Fails(new ClusterTlsOptions { CertificatePath = good.CertificatePath }, "*good.pem*KeyPath*");
        Fails(
            new ClusterTlsOptions { CertificatePath = good.CertificatePath, KeyPath = good.KeyPath, AuthorityPath = text },
            "*authority*text.pem*");
        Fails(old, "*valid now*");
        ClusterTls.Setup(good).Certificate.HasPrivateKey.Should().BeTrue();
    }

    [Fact]
    public void A_certificate_with_its_key_inside_is_read_with_its_password()
    {
        ClusterTlsOptions pem = Certificate("inside");
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pem.CertificatePath, pem.KeyPath);
        ClusterTlsOptions pkcs12 = new()
        {
            CertificatePath = Path.Combine(_folder, "inside.pfx"),
            PasswordPath = Path.Combine(_folder, "password.txt"),
        };
        File.WriteAllBytes(pkcs12.CertificatePath, certificate.Export(X509ContentType.Pkcs12, "secret"));
        File.WriteAllText(pkcs12.PasswordPath, "secret\n");
        ClusterTls.Setup(pkcs12).Certificate.HasPrivateKey.Should().BeTrue();
        File.WriteAllText(pkcs12.PasswordPath, "wrong");
        Fails(pkcs12, "*inside.pfx*PasswordPath*");
    }

    private static void Fails(ClusterTlsOptions options, string message) =>
        ((Action)(() => ClusterTls.Setup(options))).Should().Throw<NeuralinkException>().WithMessage(message);

    /// <summary>An authority and a certificate that it signed, in files.</summary>
    private ClusterTlsOptions Certificate(string name, int days = 1)
    {
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authorityRequest = new($"CN={name} authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(now.AddDays(-3), now.AddDays(2));
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.Create(authority, now.AddDays(-2), now.AddDays(days), [1, 2, 3, 4]);
        return new ClusterTlsOptions
        {
            CertificatePath = Save($"{name}.pem", certificate.ExportCertificatePem()),
            KeyPath = Save($"{name}.key", key.ExportPkcs8PrivateKeyPem()),
            AuthorityPath = Save($"{name}-authority.pem", authority.ExportCertificatePem()),
        };
    }

    private string Save(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
