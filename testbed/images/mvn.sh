#!/bin/sh
# Maven that trusts what SSL_CERT_FILE names: Java reads no PEM bundle, so it is made into a store first.
set -eu
if [ -n "${SSL_CERT_FILE:-}" ]; then
    store=$(mktemp)
    trap 'rm -f "$store"' EXIT
    java -cp /usr/local/lib/pem-trust PemTrust "$SSL_CERT_FILE" "$store"
    export MAVEN_OPTS="${MAVEN_OPTS:-} -Djavax.net.ssl.trustStore=$store -Djavax.net.ssl.trustStorePassword=changeit"
fi
/usr/share/maven/bin/mvn "$@"
