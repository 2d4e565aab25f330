"""A Java trust store of the pool's certificate authorities: the JVM reads no PEM, and images stay as they are."""

from __future__ import annotations

from boardhand_api.pod import TRUST_STORE_PASSWORD
from boardhand_runner.errors import Configuration
from boardhand_runner.settings import Settings


def place_trust_store(settings: Settings) -> None:
    """Write settings.trust_store from the bundle, where the pool has one. Raises Configuration where it is no PEM."""
    if not settings.certificates.exists():
        return
    # Imported here: a tenth of a second that every stage would pay, and few pools have a bundle.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

    try:
        found = x509.load_pem_x509_certificates(settings.certificates.read_bytes())
    except ValueError as wrong:
        raise Configuration(
            "CertificatesUnreadable",
            f"spec.certificates holds no readable PEM bundle ({wrong}): every entry has to be a whole certificate.",
        ) from None
    entries = [PKCS12Certificate(one, f"authority-{number}".encode()) for number, one in enumerate(found)]
    store = serialize_java_truststore(entries, BestAvailableEncryption(TRUST_STORE_PASSWORD.encode()))
    settings.trust_store.write_bytes(store)
