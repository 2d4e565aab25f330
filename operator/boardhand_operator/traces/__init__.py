"""OpenTelemetry traces, one of each run. Only `sent` is to be imported, and only where they are asked for."""
