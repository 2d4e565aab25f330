"""Credentials for a run's stages that live an hour: minted of a GitHub App, whose key no stage ever sees."""
