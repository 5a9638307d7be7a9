"""Coverage-guided fuzzing of what reads hostile input: `make fuzz`, or `python -m fuzz NAME [libFuzzer options]`."""
