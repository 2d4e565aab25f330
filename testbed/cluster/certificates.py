"""A certificate authority for one cluster, and the kubeconfig files that carry its certificates."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed.cluster import network
from testbed.plan import Plan

_LIFETIME = dt.timedelta(days=365)
# A clock that is set back a little must not make a fresh certificate invalid.
_LEEWAY = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Subject:
    """Who a certificate is for: the user and groups Kubernetes reads from it, the names a server has."""

    file: str
    name: str
    groups: Sequence[str] = ()
    hosts: Sequence[str] = ()


class Authority:
    """Signs certificates; its own is what everything in the cluster trusts."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = _distinguished_name("boardhand-testbed", ())
        basic = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = (
            _builder(subject, subject, self._key.public_key())
            .add_extension(basic, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, subject: Subject) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """A certificate for a client and, if the subject has hosts, for a server of these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        name = _distinguished_name(subject.name, subject.groups)
        builder = _builder(self.certificate.subject, name, key.public_key())
        if subject.hosts:
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
            names = x509.SubjectAlternativeName([_general_name(host) for host in subject.hosts])
            builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return builder.sign(self._key, hashes.SHA256()), key

    def write(self, folder: Path, subjects: Sequence[Subject]) -> None:
        """Write ca.crt, ca.key, and a .crt and .key for each subject."""
        folder.mkdir(parents=True, exist_ok=True)
        _write_pair(folder, "ca", self.certificate, self._key)
        for subject in subjects:
            _write_pair(folder, subject.file, *self.issue(subject))


def subjects(plan: Plan) -> list[Subject]:
    """Everybody who has a certificate in the cluster."""
    api_names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"]
    api_addresses = ["127.0.0.1", plan.node_ip, network.API_SERVICE_IP]
    return [
        Subject("apiserver", "kube-apiserver", hosts=[*api_names, *api_addresses]),
        Subject("apiserver-kubelet-client", "kube-apiserver-kubelet-client", ["system:masters"]),
        Subject("admin", "boardhand-admin", ["system:masters"]),
        Subject("controller-manager", "system:kube-controller-manager"),
        Subject("scheduler", "system:kube-scheduler"),
        Subject("kube-proxy", "system:kube-proxy"),
        Subject("coredns", "boardhand:coredns"),
        Subject("kubelet", f"system:node:{plan.node_name}", ["system:nodes"]),
        Subject("kubelet-server", plan.node_name, hosts=[plan.node_name, network.GATEWAY, plan.node_ip]),
    ]


def write_service_account_keys(folder: Path) -> None:
    """Write sa.key and sa.pub, which sign and check the tokens of service accounts."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write_secret(folder / "sa.key", _pem(key))
    (folder / "sa.pub").write_bytes(public)


def kubeconfig(server: str, folder: Path, user: str) -> str:
    """A kubeconfig (as JSON, which is YAML) with the certificate of `user` from `folder` inside."""

    def data(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    cluster = {"server": server, "certificate-authority-data": data("ca.crt")}
    credentials = {"client-certificate-data": data(f"{user}.crt"), "client-key-data": data(f"{user}.key")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "boardhand", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "boardhand", "context": {"cluster": "boardhand", "user": user}}],
        "current-context": "boardhand",
    }
    return json.dumps(content, indent=2) + "\n"


def write_kubeconfig(path: Path, server: str, folder: Path, user: str) -> None:
    """Write the kubeconfig of `user`, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_secret(path, kubeconfig(server, folder, user).encode())


def _builder(issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LEEWAY)
        .not_valid_after(now + _LIFETIME)
    )


def _distinguished_name(name: str, groups: Sequence[str]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_pair(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_secret(folder / f"{name}.key", _pem(key))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_secret(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
