"""Utterances through infer requests: joining tables, planning requests, running them, cutting scores back."""
