"""The process beside a workload that keeps its credentials fresh. Nothing lives here yet."""
