"""The stages that run from our own image, and the scripts that run in the user's."""
