"""The cluster's certificates say what Kubernetes reads from them."""

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed.cluster import certificates, network
from testbed.cluster.certificates import Authority, Subject
from testbed.plan import Plan


def _names(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(kind)]


def test_a_client_certificate_carries_user_and_groups() -> None:
    authority = Authority()
    certificate, key = authority.issue(Subject("x", "system:node:n", ["system:nodes", "other"]))

    certificate.verify_directly_issued_by(authority.certificate)
    assert certificate.public_key() == key.public_key()
    assert _names(certificate, NameOID.COMMON_NAME) == ["system:node:n"]
    assert _names(certificate, NameOID.ORGANIZATION_NAME) == ["system:nodes", "other"]
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_another_authority_did_not_issue_it() -> None:
    certificate, _ = Authority().issue(Subject("x", "x"))
    with pytest.raises(InvalidSignature):
        certificate.verify_directly_issued_by(Authority().certificate)


def test_the_api_server_answers_to_every_way_it_is_called() -> None:
    plan = Plan("somewhere")
    subject = next(subject for subject in certificates.subjects(plan) if subject.file == "apiserver")
    certificate, _ = Authority().issue(subject)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", plan.node_ip, network.API_SERVICE_IP}
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)


def test_the_kubelet_is_asked_by_the_nodes_address() -> None:
    subject = next(item for item in certificates.subjects(Plan()) if item.file == "kubelet-server")
    assert network.GATEWAY in subject.hosts


def test_only_the_administrator_and_the_api_server_are_masters() -> None:
    masters = {item.file for item in certificates.subjects(Plan()) if "system:masters" in item.groups}
    assert masters == {"admin", "apiserver-kubelet-client"}


def test_keys_and_kubeconfigs_are_for_their_owner_only(tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    Authority().write(pki, certificates.subjects(Plan()))
    certificates.write_service_account_keys(pki)
    config = tmp_path / "kubeconfig"
    certificates.write_kubeconfig(config, "https://10.0.0.1:6443", pki, "admin")

    keys = [*pki.glob("*.key"), config]
    assert len(keys) == len(certificates.subjects(Plan())) + 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    content = json.loads(config.read_text())
    assert content["clusters"][0]["cluster"]["server"] == "https://10.0.0.1:6443"
    assert content["contexts"][0]["context"]["user"] == content["users"][0]["name"] == "admin"
