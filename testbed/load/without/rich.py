"""Hides rich from an operator that is measured: its image does without, and httpx loads it where it is there."""

raise ImportError("the operator's image does without")
