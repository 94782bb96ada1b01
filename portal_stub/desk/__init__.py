"""The insurer's desk: what members of the insurer's staff see and decide."""
