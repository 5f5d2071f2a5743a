package io.espalier.system;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority of a test, and the certificates it issues, as PEM files. */
final class TestCertificates {
    private static final X500Name AUTHORITY = new X500Name("CN=Authority of a test");
    private static final Duration DAY = Duration.ofDays(1);

    private final Path folder;
    private final KeyPair authority = keyPair();
    private final Pem self;

    /** A certificate and its private key. */
    record Pem(Path certificate, Path key, X509Certificate parsed) {}

    TestCertificates(Path folder) throws Exception {
        this.folder = Files.createDirectories(folder);
        this.self = write("authority", authority, AUTHORITY, Instant.now().plus(DAY), true);
    }

    /** The certificate that proves all others. */
    Path authority() {
        return self.certificate();
    }

    /** For a server on 127.0.0.1, or a client; replaces the files of an earlier one of that name. */
    Pem issue(String name) throws Exception {
        return write(name, keyPair(), new X500Name("CN=" + name), Instant.now().plus(DAY), false);
    }

    /** For a client, and no longer valid. */
    Pem expired(String name) throws Exception {
        return write(name, keyPair(), new X500Name("CN=" + name), Instant.now().minus(DAY), false);
    }

    private Pem write(String file, KeyPair keys, X500Name subject, Instant end, boolean isAuthority)
            throws GeneralSecurityException, IOException, OperatorException {
        var certificate = new JcaX509v3CertificateBuilder(
                        AUTHORITY,
                        BigInteger.valueOf(System.nanoTime()),
                        Date.from(end.minus(DAY.multipliedBy(2))),
                        Date.from(end),
                        subject,
                        keys.getPublic())
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority))
                .addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")));
        X509Certificate signed = new JcaX509CertificateConverter()
                .getCertificate(
                        certificate.build(new JcaContentSignerBuilder("SHA256withRSA").build(authority.getPrivate())));
        return new Pem(
                pem(file + ".crt", "CERTIFICATE", signed.getEncoded()),
                pem(file + ".key", "PRIVATE KEY", keys.getPrivate().getEncoded()),
                signed);
    }

    private Path pem(String file, String kind, byte[] content) throws IOException {
        String lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(content);
        return Files.writeString(
                folder.resolve(file), "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(kind, lines, kind));
    }

    static KeyPair keyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }
}
