"""Evaluation of models and trackers against ground truth: metrics, simulated clicks, benchmarks and the model card."""
