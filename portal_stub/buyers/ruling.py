"""What the desk does to the rules of documents and to what it knows of a buyer, each deed in one transaction (K-026)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import DoneOnce, User
from portal_stub.buyers.documents import BUILT_IN
from portal_stub.buyers.models import Buyer, DocumentRule
from portal_stub.history.recording import audit


@transaction.atomic
def keep_own_rules(by: User, procedure: str, reason: str) -> None:
    """Writes the built-in rules of a procedure down as rows, to be changed; with rows nothing happens."""
    User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    if DocumentRule.objects.filter(procedure=procedure).exists():
        return
    rules = [rule for rule in BUILT_IN if rule.procedure == procedure]
    DocumentRule.objects.bulk_create(
        DocumentRule(
            procedure=procedure,
            item=rule.item,
            value=rule.value,
            document=rule.document,
            title=rule.title,
            required=rule.required,
            note=rule.note,
            position=position,
        )
        for position, rule in enumerate(rules)
    )
    audit(by.login_id, "document-rules-own", procedure, reason=reason)


@transaction.atomic
def add_rule(by: User, procedure: str, values: Mapping[str, Any], reason: str, once: str) -> None:
    """A new rule, after the others; the same check page a second time adds nothing (S-017)."""
    User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    if DoneOnce.objects.filter(user=by, token=once).exists():
        return
    keep_own_rules(by, procedure, reason)
    last = DocumentRule.objects.filter(procedure=procedure).order_by("-position").first()
    row = DocumentRule.objects.create(
        procedure=procedure,
        document=key_of(values["title"]),
        position=last.position + 1 if last else 0,
        **values,
    )
    DoneOnce.objects.create(user=by, token=once, result=str(row.pk), at=clock.now())
    audit(by.login_id, "document-rule-added", procedure, rule=row.pk, **_told(row), reason=reason)


@transaction.atomic
def change_rule(by: User, row: Any, values: Mapping[str, Any], reason: str) -> None:
    """Another condition or other words. A new name of a document is the same document, unless another one has it."""
    before = _told(row)
    for name, value in values.items():
        setattr(row, name, value)
    if row.title != before["title"]:
        row.document = key_of(row.title, row.document)
    row.save()
    audit(
        by.login_id,
        "document-rule-changed",
        row.procedure,
        rule=row.pk,
        before=before,
        **_told(row),
        reason=reason,
    )


@transaction.atomic
def end_rule(by: User, row: Any, reason: str) -> None:
    """Takes a rule out of force; ended twice is ended once."""
    ended = DocumentRule.objects.filter(pk=row.pk, ended_at__isnull=True).update(ended_at=clock.now())
    if ended:
        audit(by.login_id, "document-rule-ended", row.procedure, rule=row.pk, **_told(row), reason=reason)


def key_of(title: str, otherwise: str = "") -> str:
    """The key of the document of a name: rules that name it alike mean the same one."""
    known = {rule.title: rule.document for rule in BUILT_IN}
    known |= dict(DocumentRule.objects.order_by("-id").values_list("title", "document"))
    return known.get(title) or otherwise or f"own-{hashlib.sha256(title.encode()).hexdigest()[:12]}"


def _told(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("item", "value", "title", "required", "note")}


@transaction.atomic
def change_details(by: User, code: str, values: Mapping[str, Any], reason: str) -> None:
    """What the desk knows better of a buyer than the 海外商社名簿 tells."""
    buyer = Buyer.objects.select_for_update(of=("self",)).get(code=code)
    changed = {
        name: f"{_word(getattr(buyer, name))} → {_word(value)}"
        for name, value in values.items()
        if getattr(buyer, name) != value
    }
    Buyer.objects.filter(pk=buyer.pk).update(**values, updated_at=clock.now())
    audit(by.login_id, "buyer-changed", code, **changed, reason=reason)


def _word(value: Any) -> str:
    return "（なし）" if value in {None, ""} else str(value)
