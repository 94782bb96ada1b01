"""All procedures by their key. Declaring one gives it its pages."""

from portal_stub.procedures.declaration import Procedure

PROCEDURES: dict[str, Procedure] = {}


def declare(procedure: Procedure) -> Procedure:
    """Adds a procedure and declares its pages.

    Raises:
        ValueError: the key is taken, or items of two steps share a name.
    """
    if procedure.key in PROCEDURES:
        raise ValueError(f"procedure {procedure.key} is declared twice")
    names = [name for step in procedure.steps for name in step.form.base_fields]
    if len(names) != len(set(names)):
        raise ValueError(f"items of {procedure.key} share a name: {sorted(names)}")
    from portal_stub.procedures.routes import declare_pages

    PROCEDURES[procedure.key] = procedure
    declare_pages(procedure)
    return procedure
