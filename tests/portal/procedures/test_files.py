"""Attached files: stored at once, judged by name, kind, content and size, kept through every error. S-027 to S-029, K-027 to K-035."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal_stub import shelves
from portal_stub.pages import middleware
from portal_stub.procedures import deciding, files, uploads
from portal_stub.procedures.models import Application, Document
from tests.portal.buyers.test_procedures import ENTRY, on, pdf
from tests.portal.conftest import World
from tests.portal.pages import Part, page_of
from tests.portal.procedures.walking import begin, fill, newest, to_check

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def client(world: World, visit: Callable[..., Client]) -> Client:
    return visit(world.applicant)


@pytest.fixture
def at(client: Client) -> str:
    """The step 必要書類の添付."""
    return on(client, on(client, begin(client, "buyer-registration"), **ENTRY))


def names() -> list[str]:
    return list(Document.objects.values_list("name", flat=True))


def attached(reply: Any) -> list[str]:
    """What stands under その他の資料."""
    return list(Part(page_of(reply, reply.status_code).find("#slot-other")).links)


def attach(client: Client, at: str, *several: SimpleUploadedFile) -> Any:
    return fill(client, at, "attach", **{"file-other": list(several)})


@pytest.mark.req("S-027", "K-034", "K-035")
def test_files_stay_through_errors_and_back(client: Client, at: str) -> None:
    reply = fill(client, at, separate="yes", separate_names="", **{"file-other": pdf("資料.pdf")})
    assert page_of(reply, 422).errors == {"separate_names": "別送する資料名を入力してください。"}
    assert names() == ["資料.pdf"]
    assert attached(reply) == ["資料.pdf"]
    fill(client, at, "back")
    assert attached(client.get(at)) == ["資料.pdf"]


def test_a_file_is_given_back_as_it_was_and_removed_by_its_user_only(
    client: Client, at: str, world: World, visit: Callable[..., Client]
) -> None:
    attach(client, at, SimpleUploadedFile("名簿.csv", "氏名\r\n山田".encode("cp932")))
    row = Document.objects.get()
    link = f"/procedures/buyer-registration/{newest().token}/documents/{row.pk}/"
    reply = client.get(link)
    assert b"".join(reply.streaming_content) == "氏名\r\n山田".encode("cp932")
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert visit(world.stranger).get(link).status_code == 404
    assert page_of(client.get(at)).links["名簿.csv"] == link
    assert page_of(client.get(at)).buttons["「名簿.csv」を削除"].value == f"remove-{row.pk}"
    reply = fill(client, at, f"remove-{row.pk}", separate_names="入力途中")
    assert names() == []
    assert page_of(reply).fields["separate_names"].value == "入力途中", "what was typed stays"


@pytest.mark.req("S-029")
@pytest.mark.parametrize("letter", ["a", "あ"])
def test_names_of_100_characters_half_or_full_width(client: Client, at: str, letter: str) -> None:
    attach(client, at, pdf(letter * 96 + ".pdf"))
    assert names() == [letter * 96 + ".pdf"]
    reply = attach(client, at, pdf(letter * 97 + ".pdf"))
    assert page_of(reply, 422).error_summary == [
        f"「{letter * 97}.pd」は添付できませんでした。ファイル名は100文字以内にしてください（現在101文字）。"
    ]
    assert len(names()) == 1


@pytest.mark.req("S-028", "K-029")
def test_all_files_of_an_application_count_together(
    client: Client, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert uploads.MOST_BYTES == 30 * 1_048_576
    monkeypatch.setattr(uploads, "MOST_BYTES", 2 * 1_048_576)

    def a_file(name: str, size: int) -> SimpleUploadedFile:
        return SimpleUploadedFile(name, b"%PDF-" + b"0" * (size - 5))

    attach(client, at, a_file("one.pdf", 1_048_576))
    exactly = fill(client, at, "attach", **{"file-identity": a_file("two.pdf", 1_048_576)})
    assert exactly.status_code == 200
    over = attach(client, at, pdf("more.pdf"))
    assert page_of(over, 422).error_summary == [
        (
            "「more.pdf」は添付できませんでした。添付の合計が2MBを超えます（現在 2.0MB、このファイル 0.0MB）。"
            "別送資料として送ることもできます。"
        )
    ]
    assert names() == ["one.pdf", "two.pdf"]


UNUSABLE = "この種類のファイルは使えません。PDFなどに変換してください。"


@pytest.mark.req("K-031")
@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("run.exe", b"MZ", UNUSABLE),
        ("page.html", b"<script>", UNUSABLE),
        ("macro.xlsm", b"PK\x03\x04", UNUSABLE),
        ("none", b"%PDF-", UNUSABLE),
        (".pdf", b"%PDF-", UNUSABLE),
        ("fake.pdf", b"MZ\x90\x00", "中身がPDF形式ではありません。元のファイルを確認してください。"),
        ("fake.png", b"%PDF-1.7", "中身がPNG形式ではありません。元のファイルを確認してください。"),
        ("binary.txt", b"ab\x00cd", "中身がTXT形式ではありません。元のファイルを確認してください。"),
        ("empty.pdf", b"", "ファイルの中身がありません。元のファイルを確認してください。"),
    ],
)
def test_kinds_are_judged_by_name_and_content(
    client: Client, at: str, name: str, content: bytes, fault: str
) -> None:
    reply = attach(client, at, SimpleUploadedFile(name, content))
    assert page_of(reply, 422).error_summary == [f"「{name}」は添付できませんでした。{fault}"]
    assert names() == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("..\\..\\secret\\a.pdf", "a.pdf"),
        ("../../a.pdf", "a.pdf"),
        ("a\u202egnp.pdf", "agnp.pdf"),
        ("か\u3099.pdf", "が.pdf"),
        ('"><script>.pdf', '"><script>.pdf'),
    ],
)
def test_names_lose_folders_and_invisible_characters(client: Client, at: str, sent: str, kept: str) -> None:
    upload = pdf("x.pdf")
    good, faults = uploads.judge_uploads([_named(upload, sent)], [])
    assert not faults
    assert [name for _, name in good] == [kept]


def _named(upload: SimpleUploadedFile, name: str) -> Any:
    upload.__dict__["_name"] = name
    return upload


def test_markup_in_a_name_is_shown_as_text(client: Client, at: str) -> None:
    attach(client, at, pdf("<b>太字.pdf"))
    assert attached(client.get(at)) == ["<b>太字.pdf"]


@pytest.mark.req("K-028")
def test_names_are_unique_whatever_their_case(client: Client, at: str) -> None:
    attach(client, at, pdf("A.pdf"))
    same = "同じ名前のファイルが添付されています。名前を変えるか、先に添付したものを削除してください。"
    other_case = page_of(attach(client, at, pdf("a.PDF")), 422)
    assert other_case.error_summary == [f"「a.PDF」は添付できませんでした。{same}"]
    both = page_of(attach(client, at, pdf("b.pdf"), pdf("b.pdf")), 422)
    assert both.error_summary == [f"「b.pdf」は添付できませんでした。{same}"]
    assert names() == ["A.pdf", "b.pdf"]


def test_documents_that_are_not_asked_any_more_go_with_their_step(client: Client, at: str) -> None:
    entry = at.replace("attachments", "entry")
    report = on(client, entry, **{**ENTRY, "kind": "enterprise"})
    assert report.endswith("documents-report/")
    assert on(client, report, report_own="on") == at
    fill(client, at, "attach", **{"file-credit-report": pdf("report.pdf"), "file-other": pdf("other.pdf")})
    assert names() == ["report.pdf", "other.pdf"]
    on(client, entry, **ENTRY)
    assert names() == ["report.pdf", "other.pdf"], "nothing goes before the user is through"
    to_check(client, at, separate="yes", separate_names="残り")
    assert names() == ["other.pdf"]


def test_too_much_at_once_is_told_before_it_is_read(
    client: Client, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "MOST_SENT", 1000)
    reply = client.post(at, {"file-other": SimpleUploadedFile("a.pdf", b"%PDF-" + b"0" * 2000)})
    page = page_of(reply, 413)
    assert page.heading == "送信できませんでした"
    assert page.sentences[0].startswith("一度に送られたファイルの合計が大きすぎます。何も保存していません。")
    assert names() == []


def test_bytes_that_no_row_names_are_swept_and_others_stay(client: Client, at: str) -> None:
    attach(client, at, pdf("stays.pdf"))
    attach(client, at, SimpleUploadedFile("goes.txt", b"text"))
    gone = Document.objects.get(name="goes.txt")
    fill(client, at, f"remove-{gone.pk}")
    folder = Path(settings.PORTAL_FILES)
    assert len(list(folder.glob("*/*"))) == 2
    assert deciding.tidy()["files"] == 0, "young ones may belong to a row that is being written"
    import os

    for path in folder.glob("*/*"):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    assert deciding.tidy()["files"] == 1
    assert files.read(Document.objects.get().sha256).read().startswith(b"%PDF-")


def test_a_write_that_fails_leaves_nothing(client: Client, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(shelves, "flush", broken)
    with pytest.raises(OSError, match="no space"):
        attach(client, at, pdf("a.pdf"))
    assert names() == []
    assert not list(Path(settings.PORTAL_FILES).glob("*.tmp"))


def test_a_reused_application_has_the_documents_too(client: Client, at: str, world: World) -> None:
    from portal_stub.procedures.rules import apply

    attach(client, at, pdf("a.pdf"))
    to_check(client, at, separate="yes", separate_names="残り")
    row = apply(world.applicant, newest(), newest().revision, ())
    deciding.decide(world.staff, row, "cancel", "理由")
    client.post(f"/applications/{row.number}/reuse/")
    fresh = newest()
    assert fresh.pk != row.pk
    assert [document.name for document in fresh.documents.all()] == ["a.pdf"]
    row.delete()
    assert files.read(fresh.documents.get().sha256).read() == io.BytesIO(b"%PDF-1.7 sample").read()
    assert Application.objects.count() == 1
