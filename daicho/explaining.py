"""How each premium came about: base, days, table rows, factors, rounding (``daicho explain``).

Booked lines are rated again with the tables that priced them; the explanation is of that calculation, and it says
so if it should ever differ from what was booked.
"""

from fractions import Fraction
from typing import Any

import polars as pl

from daicho.references import reference_of
from daicho.store import Store
from pipelines.ledger import bookings, current
from pipelines.rate import base_column, days_column
from pipelines.rerate import rerated
from schemas.money import COMPONENT_NAMES, COMPONENTS, percent_text
from schemas.products import FACTS, Product, is_notice
from schemas.submission import Refusal

FORMULA = "料率 = (a × 日数 + b) × 係数 (小数第4位を四捨五入、%)、保険料 = 基礎額 × 料率 (1円未満切捨て)"


def explain_application(store: Store, application_no: str) -> dict[str, Any]:
    """The explanation of an application (``YY-NNNNNN``) or one branch (``YY-NNNNNN-BB``)."""
    number = pl.col("application_no")
    application = number.str.replace(r"-\d+$", "")
    lines = (
        current(store.journal.open().scan())
        .filter((number == application_no) | (application == application_no))
        .collect()
    )
    if lines.is_empty():
        raise Refusal(
            "unknown-application",
            f"申込番号「{application_no}」はありません。daicho ledger で番号を確かめてください。",
        )
    told = []
    journal = store.journal.open().scan()
    history = bookings(journal).filter(number.is_in(lines["application_no"].unique().to_list())).collect()
    for (product, load), part in lines.partition_by(["product", "reference_load"], as_dict=True).items():
        again = rerated(part, history, Product(str(product)), reference_of(store, int(str(load))))
        told += [
            # Of a withdrawn line there is nothing to explain but that it was withdrawn.
            _withdrawn(booked) if booked["stage"] == "withdrawn" else _line(booked, row)
            for booked, row in zip(part.to_dicts(), again.to_dicts(), strict=True)
        ]
    told.sort(key=lambda line: str(line["line_id"]))
    return {
        "application_no": application_no,
        "product": lines["product"][0],
        "formula": FORMULA,
        "lines": told,
        "premium_total": int(lines["premium_total"].sum()),
    }


def _line(booked: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {
        "line_id": booked["line_id"],
        "history_no": booked["history_no"],
        "acceptance_date": booked["acceptance_date"].isoformat(),
        "reference_load": booked["reference_load"],
        "currency": row["currency"],
        "yen_per_unit": _decimal(row["yen_rate_micro"]),
        "exchange_rate_day": row["fx_day"].isoformat(),
        "payer": row["payer_code"],
        "buyer_rating": row["payer_rating"],
        "country_category_pre": row["country_category_pre"],
        "country_category": row["country_category"],
        "carries_premium": row["leads"],
        "components": [component(c, booked, row) for c in COMPONENTS],
        "premium_total": booked["premium_total"],
        "change": _change(booked),
        "change_notice_limit": booked["change_notice_limit"].isoformat()
        if booked["change_notice_limit"]
        else None,
        "as_booked": all(booked[f"premium_{c}"] == row[f"premium_{c}"] for c in COMPONENTS),
    }


def _change(booked: dict[str, Any]) -> dict[str, Any] | None:
    """What the version made of the one before it; None of a first version."""
    if booked["base_history_no"] is None and booked["replaced_history_no"] is None:
        return None
    return {
        "process_type": booked["process_type"],
        "change_reason": booked["change_reason"],
        "notice_date": booked["notice_date"].isoformat(),
        "counts_from": booked["counts_from"].isoformat(),
        "base_history_no": booked["base_history_no"],
        "premium_before": booked["premium_total"] - booked["difference_total"],
        "difference": booked["difference_total"],
        "due": {c.upper(): booked[f"due_{c}"] for c in COMPONENTS} | {"total": booked["due_total"]},
    }


def _withdrawn(booked: dict[str, Any]) -> dict[str, Any]:
    return {
        "line_id": booked["line_id"],
        "history_no": booked["history_no"],
        "acceptance_date": booked["acceptance_date"].isoformat(),
        "withdrawn": True,
        "change": _change(booked),
        "premium_total": booked["premium_total"],
    }


def component(c: str, booked: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """How the premium of one danger came about, or why there is none.

    Args:
        c: the danger, ``a`` to ``d``.
        booked: what is booked of the line: ``product``, ``premium_<c>``, ``insured_amount_<c>``.
        row: the line as ``pipelines.assess.rated_lines`` rates it, with a rate row wherever ``rated_<c>``.
    """
    told: dict[str, Any] = {"component": c.upper(), "name": COMPONENT_NAMES[c], "rated": row[f"rated_{c}"]}
    if not row[f"rated_{c}"]:
        told["reason"] = row[f"cover_rule_{c}"] or _reason(c, booked, row)
        return told
    factor = Fraction(row[f"factor_num_{c}"], row[f"factor_den_{c}"])
    days = row[days_column(c)]
    raw = (Fraction(row[f"a_{c}"] * days + row[f"b_{c}"], 1_000_000)) * factor
    return {
        **told,
        "base_yen": row[base_column(c)],
        "days": days,
        "a": _decimal(row[f"a_{c}"]),
        "b": _decimal(row[f"b_{c}"]),
        "rate_row": {
            "country_category": row[f"rate_row_category_{c}"],
            "buyer_rating": row[f"rate_row_rating_{c}"],
            "valid_from": row[f"rate_from_{c}"].isoformat(),
            "rate_set": row[f"rate_set_{c}"],
        },
        "factor": str(factor),
        "rate_before_rounding": f"{raw.numerator}/{raw.denominator}",
        "rate": percent_text(row[f"rate_{c}"]),
        "premium_by_rate": row[base_column(c)] * row[f"rate_{c}"] // 100_000,
        "premium": booked[f"premium_{c}"],
        "cover_permille": row[f"cover_{c}"],
        "insured_amount": booked[f"insured_amount_{c}"],
        "cover_rule": row[f"table_rule_{c}"],
    }


def _reason(c: str, booked: dict[str, Any], row: dict[str, Any]) -> str:
    """Why a component that the cover tables allow has no premium here."""
    if not row["leads"]:
        return "同じ船積みの先頭の決済行に計上"
    if is_notice(Product(booked["product"])) and c in "ac":
        return "船積前の保険料は通知ごとには計上しません(保険年度ごとに請求)"
    return "対象外"


def _decimal(micro: int) -> str:
    text = f"{micro // 1_000_000}.{micro % 1_000_000:06d}"
    return text.rstrip("0").rstrip(".")


def explanation_text(document: dict[str, Any]) -> str:
    """The explanation for people."""
    out = [
        f"申込番号 {document['application_no']}  {FACTS[Product(document['product'])].name_ja}",
        FORMULA,
    ]
    for line in document["lines"]:
        if line.get("withdrawn"):
            out += [
                "",
                f"■ {line['line_id']}  履歴 {line['history_no']}  取消・削除済み",
                *_change_text(line["change"]),
                f"  残る保険料 {line['premium_total']:,}円",
            ]
            continue
        out += [
            "",
            f"■ {line['line_id']}  履歴 {line['history_no']}  受理日 {line['acceptance_date']}  参照表 第{line['reference_load']}版",
            (
                f"  支払人 {line['payer']} ({line['buyer_rating']}格)  国カテゴリー 船前 {line['country_category_pre'] or '-'} / "
                f"船後 {line['country_category'] or '-'}  {line['currency']} = {line['yen_per_unit']}円 ({line['exchange_rate_day']})"
            ),
        ]
        for part in line["components"]:
            head = f"  {part['component']} {part['name']}: "
            if not part["rated"]:
                out.append(head + part["reason"])
                continue
            row = part["rate_row"]
            factor = "" if part["factor"] == "1" else f" × {part['factor']}"
            out.append(
                f"{head}({part['a']} × {part['days']}日 + {part['b']}){factor} → {part['rate']}%  "
                f"{part['base_yen']:,}円 × {part['rate']}% = {part['premium_by_rate']:,}円  "
                + ("" if part["premium"] == part["premium_by_rate"] else f"(返還後 {part['premium']:,}円) ")
                + f"保険金額 {part['insured_amount']:,}円 (付保率 {part['cover_permille'] / 10}%)"
            )
            out.append(
                f"      料率表: カテゴリー {row['country_category']} 格付 {row['buyer_rating']} {row['valid_from']}~ {row['rate_set'] or ''}"
            )
        out += _change_text(line["change"])
        out.append(
            f"  合計 {line['premium_total']:,}円" + ("" if line["as_booked"] else "  ※計上額と一致しません")
        )
    out += ["", f"申込合計 {document['premium_total']:,}円"]
    return "\n".join(out)


def _change_text(change: dict[str, Any] | None) -> list[str]:
    """How a version came to cost what it costs: returns are for the days that were left."""
    if change is None:
        return []
    parts = "  ".join(f"{c} {yen:+,}" for c, yen in change["due"].items() if c != "total" and yen)
    return [
        (
            f"  変更: 処理種別 {change['process_type']}  事由 {change['change_reason'] or '-'}  "
            f"受理 {change['notice_date']}  基準の履歴 {change['base_history_no'] or '-'}"
        ),
        (
            f"  変更前 {change['premium_before']:,}円 → 差額 {change['difference']:+,}円"
            + (f"  請求 {change['due']['total']:+,}円 ({parts})" if parts else "")
        ),
        f"  減額・解除の返還 = (変更前の率による保険料 - 変更後) × {change['counts_from']} 以後の残り日数 ÷ 全日数 (1円未満切捨て)",
    ]
