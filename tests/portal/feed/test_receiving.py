"""The read model: upserts that never go back, filling from zero, bounded findings, tables in bulk."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal_stub.accounts.models import Agreement, Holder
from portal_stub.buyers.models import Country
from portal_stub.feed import receiving
from portal_stub.feed.models import (
    MOST_FINDINGS,
    AgreementPeriod,
    DeskRequest,
    Document,
    Finding,
    Policyholder,
    RatingChange,
    Submission,
)
from portal_stub.feed.receiving import MovedOn, Told
from tests.portal.conftest import HOLDER, Hand, World
from tests.portal.feed.conftest import HELD, UNDECIDED, found, paper, portrait, tell

pytestmark = [pytest.mark.django_db, pytest.mark.dialect]


def test_a_submission_is_told_again_and_stays_one_row() -> None:
    tell(portrait(1, **HELD), findings={"S00000001": [found(1), found(2)]})
    row = Submission.objects.get()
    assert (row.held, row.hold_codes, row.findings_total) == (True, ["late-application"], 2)
    tell(portrait(1))
    row = Submission.objects.get()
    assert (row.held, row.hold_codes, row.premium_total_yen, row.verdict) == (False, [], 9876543210, "booked")
    assert (row.findings_total, Finding.objects.count()) == (2, 2), "findings that were not told stay"
    tell(portrait(1), findings={"S00000001": [found(3)]})
    assert [one.record for one in row.findings.all()] == [3]
    tell(portrait(1), findings={"S00000001": []})
    assert (Finding.objects.count(), Submission.objects.get().findings_total) == (0, 0)


def test_the_status_goes_with_the_hour_and_search_and_row_agree(hand: Hand) -> None:
    tell(
        portrait(1),
        portrait(2, verdict="rejected", premium_total=None),
        portrait(3, **UNDECIDED),
        portrait(4, **UNDECIDED, acceptance_date="2026-04-02"),
    )
    for hours, waiting in ((0, "受付前"), (22, "受付前"), (1, "処理中")):
        hand.on(hours=hours)
        words = {row.receipt_no: str(row.status_at(hand.at)) for row in Submission.objects.all()}
        assert words == {1: "処理完了", 2: "申請内容要確認", 3: "処理中", 4: waiting}
        for word in set(words.values()):
            expected = {number for number, one in words.items() if one == word}
            rows = Submission.objects.in_status(word, hand.at)
            assert {row.receipt_no for row in rows} == expected


def test_only_the_first_findings_are_kept_and_all_are_counted() -> None:
    rows = [found(number) for number in range(1, MOST_FINDINGS + 11)]
    tell(portrait(1), findings={"S00000001": rows}, totals={"S00000001": 700_000})
    assert Finding.objects.count() == MOST_FINDINGS
    assert Submission.objects.get().findings_total == 700_000


def test_nothing_that_a_sender_typed_stops_the_feed() -> None:
    strange = "a\x00b" + "長" * 400
    tell(
        portrait(1, file_name=strange, remarks=strange, user="9" * 90),
        findings={"S00000001": [found(1, value=strange, message=strange, cell="x" * 99, field="f" * 99)]},
    )
    assert Finding.objects.get().value.startswith("ab長")
    assert len(Submission.objects.get().file_name) == 255


def test_who_read_something_stale_is_turned_away() -> None:
    tell(portrait(1))
    stale = Told([portrait(1, **HELD)], {}, {}, [], [], [], 5)
    with pytest.raises(MovedOn):
        receiving.receive(stale, 0)
    assert not Submission.objects.get().held
    assert receiving.position() == 1


def test_many_findings_are_written_in_several_transactions_and_the_number_moves_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receiving, "_FINDINGS_AT_ONCE", 3)
    rows = [portrait(number) for number in range(1, 6)]
    findings = {row["submission_id"]: [found(1), found(2)] for row in rows}
    keep, calls = receiving._keep_submissions, []

    def breaking(part: Any, *rest: Any) -> None:
        calls.append(len(part))
        if len(calls) == 3:
            raise OSError("power cut")
        keep(part, *rest)

    with monkeypatch.context() as broken:
        broken.setattr(receiving, "_keep_submissions", breaking)
        with pytest.raises(OSError, match="power cut"):
            tell(*rows, findings=findings)
    assert receiving.position() == 0
    assert 0 < Submission.objects.count() < 5
    tell(*rows, findings=findings)
    assert (Submission.objects.count(), Finding.objects.count(), receiving.position()) == (5, 10, 1)


def test_filling_from_zero_hides_nothing_meanwhile_and_takes_away_what_is_gone() -> None:
    tell(portrait(1), portrait(2), documents=[paper("a"), paper("b")])
    receiving.start_over()
    assert receiving.position() == 0
    assert Submission.objects.count() == 2, "what is known stays to be seen"
    tell(portrait(1), documents=[paper("b")])
    assert Submission.objects.count() == 2
    receiving.finish()
    assert [row.pk for row in Submission.objects.all()] == ["S00000001"]
    assert [row.pk for row in Document.objects.all()] == ["b"]
    tell(portrait(3))
    receiving.finish()
    assert Submission.objects.count() == 2


def test_an_answer_ends_a_request_and_done_stays_done(hand: Hand) -> None:
    request = "0" * 32
    DeskRequest.objects.create(
        id=request, kind="release", subject="S00000001", by="審査 一郎", login_id="desk-1", at=hand.at
    )
    answer = {
        "request": request,
        "kind": "release",
        "subject": "S00000001",
        "state": "done",
        "message": "解除しました。",
        "by": "審査 一郎",
        "login_id": "desk-1",
        "reason": "確認した",
        "asked_at": "2026-04-01T09:00:00+09:00",
        "at": "2026-04-01T09:01:00+09:00",
    }
    tell(answers=[answer])
    tell(answers=[answer | {"state": "refused", "message": "保留されていません。"}])
    row = DeskRequest.objects.get()
    assert (row.state, row.message) == ("done", "解除しました。")
    other = "1" * 32
    tell(answers=[answer | {"request": other, "state": "refused"}, answer | {"request": "notes.txt"}])
    assert DeskRequest.objects.get(pk=other).state == "refused", "known from its answer"
    assert DeskRequest.objects.count() == 2


AGREEMENTS = [
    {
        "agreement_code": code,
        "valid_from": first,
        "valid_to": last,
        "holder": HOLDER,
        "product": "enterprise",
    }
    for code, first, last in (
        ("111111101", "2024-04-01", "2025-03-31"),
        ("111111101", "2025-04-01", "2026-03-31"),
        ("111111102", "2026-04-01", ""),
    )
]


CHANGES = [
    {"buyer_code": "105000001", "valid_from": day, "former": former, "rating": rating}
    for day, former, rating in (("2025-10-01", "EA", "EM"), ("2026-10-01", "EM", "EF"))
]


def tables(mark: str = "1", **changes: Any) -> None:
    rows: dict[str, Any] = {
        "policyholders": [
            {"holder": HOLDER, "name": "参照表の名前", "association": "", "provided_data": "1"}
        ],
        "agreements": AGREEMENTS,
        "countries": [{"country": "105", "name": "中国", "category": "C"}],
        "buyers": [],
        "rating_changes": CHANGES,
        "closed_days": [],
    } | changes
    receiving.receive_tables(mark, **rows)


def test_unchanged_rows_of_tables_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    tables()
    assert receiving.tables_position() == "1"
    assert AgreementPeriod.objects.count() == 3
    written: list[Any] = []
    upsert = receiving._upsert

    def watched(model: Any, rows: Any, key: Any = ()) -> None:
        kept = list(rows)
        written.extend(kept)
        upsert(model, kept, key)

    monkeypatch.setattr(receiving, "_upsert", watched)
    tables("2")
    assert written == []
    holders = [{"holder": HOLDER, "name": "別の名前", "association": "", "provided_data": "1"}]
    tables("3", policyholders=holders)
    assert [row.name for row in written] == ["別の名前"]
    assert RatingChange.objects.count() == 2
    tables("4", agreements=AGREEMENTS[:1], rating_changes=[CHANGES[0] | {"rating": "EE"}])
    assert [(row.code, str(row.valid_from), row.former, row.new) for row in RatingChange.objects.all()] == [
        ("105000001", "2025-10-01", "EA", "EE")
    ]
    assert AgreementPeriod.objects.count() == 1, "of another home, or none any more"
    assert Country.objects.get().category == "C"


def test_large_tables_are_written_in_bulk() -> None:
    holders = [
        {"holder": f"{number:09d}", "name": f"会社{number}", "association": "", "provided_data": "1"}
        for number in range(20_000)
    ]
    with CaptureQueriesContext(connection) as queries:
        tables(policyholders=holders)
    assert Policyholder.objects.count() == 20_000
    assert len(queries) < 150


def test_holders_of_the_portal_get_their_agreements_and_keep_their_name(world: World) -> None:
    tables()
    before = Holder.objects.count()
    assert receiving.grant_agreements() == 2
    assert receiving.grant_agreements() == 0
    codes = set(Agreement.objects.filter(holder=world.holder).values_list("code", flat=True))
    assert codes >= {"111111101", "111111102"}, "past ones too"
    assert Holder.objects.get(code=HOLDER).name == "見本商事"
    Holder.objects.filter(code=HOLDER).update(name="")
    receiving.grant_agreements()
    assert Holder.objects.get(code=HOLDER).name == "参照表の名前"
    tables(
        "2",
        policyholders=[{"holder": "555555555", "name": "未登録", "association": "", "provided_data": "1"}],
    )
    receiving.grant_agreements()
    assert Holder.objects.count() == before, "a holder begins with its registration"
    assert Policyholder.objects.filter(pk="555555555").exists()
