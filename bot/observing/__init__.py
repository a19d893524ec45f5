"""What operators see of the processes: logs, metrics, traces. Light, and importable beside any part."""
