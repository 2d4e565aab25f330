"""What is read from the cluster once for all who look, and sent to them as it changes."""
