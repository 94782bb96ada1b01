"""The house's own lint rules, for what no general linter knows."""
