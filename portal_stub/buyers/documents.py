"""Which documents 海外商社登録 and 海外商社変更 call for (K-021, K-026): a table, since the source names no rule.

Rows of ``DocumentRule`` replace the built-in ones of their procedure. The built-in ones count as long as the desk never
kept rows of its own for the procedure; ended rows are such rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal_stub.buyers.models import DocumentRule

REPORT = "credit-report"
"""The 信用調査報告書: own, or got by the insurer (K-022)."""
CHANGED = "changed"


@dataclass(frozen=True)
class Rule:
    """With ``value`` in ``item`` (``changed``: other than in force; no item: always) a document is called for."""

    procedure: str
    item: str
    value: str
    document: str
    title: str
    required: bool = True
    note: str = ""


BUILT_IN = (
    Rule(
        "buyer-registration",
        "",
        "",
        "identity",
        "海外商社の名称・所在地を確認できる資料",
        note="登記簿の写し、会社案内、契約書の写しなど",
    ),
    Rule("buyer-registration", "kind", "enterprise", REPORT, "信用調査報告書（信用調書）"),
    Rule(
        "buyer-registration",
        "kind",
        "public",
        "foundation",
        "公的機関であることを確認できる資料",
        note="設立の根拠となる法令の写しなど",
    ),
    Rule("buyer-registration", "kind", "bank", "accounts", "直近の決算資料", required=False),
    Rule(
        "buyer-registration",
        "related",
        "yes",
        "capital",
        "特定資本関係を確認できる資料",
        note="資本関係図など",
    ),
    Rule(
        "buyer-change", "name", CHANGED, "name", "名称の変更を確認できる資料", note="変更後の登記簿の写しなど"
    ),
    Rule("buyer-change", "name", CHANGED, REPORT, "信用調査報告書（信用調書）"),
    Rule("buyer-change", "country", CHANGED, "country", "所在国の変更を確認できる資料"),
    Rule("buyer-change", "address", CHANGED, "address", "所在地の変更を確認できる資料", required=False),
    Rule("buyer-change", "kind", CHANGED, "foundation", "区分の変更を確認できる資料"),
)


def needed(procedure: str, answers: Mapping[str, Any], in_force: Mapping[str, Any]) -> list[Rule]:
    """The documents that these answers call for, each once, in the order of the table."""
    found: dict[str, Rule] = {}
    for rule in rules_of(procedure):
        if _calls(rule, answers, in_force):
            found.setdefault(rule.document, rule)
    return list(found.values())


def rules_of(procedure: str) -> list[Rule]:
    """The rules in force."""
    own = list(DocumentRule.objects.filter(procedure=procedure))
    if not own:
        return [rule for rule in BUILT_IN if rule.procedure == procedure]
    return [
        Rule(row.procedure, row.item, row.value, row.document, row.title, row.required, row.note)
        for row in own
        if row.ended_at is None
    ]


def _calls(rule: Rule, answers: Mapping[str, Any], in_force: Mapping[str, Any]) -> bool:
    if not rule.item:
        return True
    value = str(answers.get(rule.item) or "")
    if rule.value == CHANGED:
        return bool(rule.item in answers and value != str(in_force.get(rule.item) or ""))
    return value == rule.value
