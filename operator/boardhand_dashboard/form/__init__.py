"""The form that makes and edits a pool: fields from a spec and back, secrets, trying, applying."""
