"""PROOF: mirrors the rooms; plus scenarios (whole business days), faults, benchmarks, the catalogue."""
