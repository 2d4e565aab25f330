"""Container images without a container engine: buildah on a debootstrapped base, kept as OCI archives."""
