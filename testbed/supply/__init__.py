"""What Boardhand is made of: an SBOM of each image, and whether its dependencies have known vulnerabilities."""
