import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;

/** Turns a bundle of PEM certificates (first argument) into a Java trust store (second), password "changeit". */
final class PemTrust {
    public static void main(String[] arguments) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("JKS");
        store.load(null, null);
        int count = 0;
        try (InputStream bundle = Files.newInputStream(Path.of(arguments[0]))) {
            for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(bundle)) {
                store.setCertificateEntry("ca-" + count++, certificate);
            }
        }
        try (OutputStream file = Files.newOutputStream(Path.of(arguments[1]))) {
            store.store(file, "changeit".toCharArray());
        }
    }
}
