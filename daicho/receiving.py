"""Taking in one upload, whatever channel it comes by: refuse at once, or archive it and give a receipt.

Command line, drop folder and portal meet here. Nothing is judged but what can refuse an upload at the door: hours,
size, readability, count, identity. Contract §5, §7; A-007…A-011, A-057, C-001…C-011.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from unicodedata import category, normalize

from daicho.reading.uploads import Wanted, read
from daicho.references import calendar_of, reference_of
from daicho.settings import Settings
from daicho.store import Store
from daicho.store.archive import Receipt
from schemas.characters import TURNS_AROUND
from schemas.layouts import CURRENT_VERSION
from schemas.products import Product, product_named
from schemas.reading import CURRENT_READING
from schemas.submission import Refusal
from sensors.windows import acceptance_day

if TYPE_CHECKING:
    from pipelines.reading.table import Decoded

MAX_REMARKS = 500
_WORDS = ("file_name", "product", "holder", "user", "count", "remarks")


@dataclass(frozen=True)
class Upload:
    """What a sender hands in. ``count`` is text as typed: full-width digits are normalised (A-009)."""

    content: bytes
    file_name: str
    product: str
    holder: str
    user: str
    count: str
    remarks: str = ""
    resend: bool = False
    channel: str = "cli"
    source: str | None = None


def receive(store: Store, upload: Upload, received_at: datetime) -> Receipt:
    """Archives an upload and gives its receipt; the acceptance day is fixed with it.

    Raises:
        Refusal: nothing of the upload is kept but an event telling the refusal.
    """
    told: dict[str, Any] = {name: legible(getattr(upload, name)) for name in _WORDS}
    upload = replace(upload, **told)
    try:
        return _receive(store, upload, received_at)
    except Refusal as refusal:
        store.events.refuse(
            refusal.code,
            refusal.message,
            actor=visible(upload.user or upload.holder or "unknown"),
            file_name=visible(upload.file_name),
            product=upload.product,
            holder=upload.holder,
            channel=upload.channel,
            source=upload.source,
        )
        raise


def _receive(store: Store, upload: Upload, received_at: datetime) -> Receipt:
    from daicho.store.eventlog import IdenticalUpload

    checked_file_name(upload.file_name)
    product = checked_product(upload.product)
    holder, user = checked_sender(upload.holder, upload.user)
    count = checked_count(upload.count)
    remarks = checked_remarks(upload.remarks)
    day = acceptance_day(received_at, calendar_of(reference_of(store)))
    checked_size(store.settings, len(upload.content))
    read_as_declared(store.settings, Wanted(upload.content, upload.file_name, product), count)
    sha256 = store.archive.put_bytes(upload.content)
    try:
        receipt = store.events.receive(
            {
                "product": str(product),
                "holder": holder,
                "user": user,
                "file_name": upload.file_name,
                "sha256": sha256,
                "size": len(upload.content),
                "declared_count": count,
                "counted": count,
                "remarks": remarks,
                "channel": upload.channel,
                "source": upload.source,
                "received_at": received_at.isoformat(),
                "acceptance_date": day.isoformat(),
                "window": "same-day" if day == received_at.date() else "next-business-day",
                "layout_version": CURRENT_VERSION,
                "reading_version": CURRENT_READING,
            },
            resend=upload.resend,
        )
    except IdenticalUpload as error:
        raise Refusal(
            "identical-upload",
            f"同じ内容のファイルが {error.submission_id} として受付済みです。"
            "意図して再送するときは再送の指定(--resend、manifest の resend、画面のチェック)を付けてください。",
        ) from error
    if receipt["sha256"] != sha256:
        raise Refusal(
            "dispatch-taken",
            f"同じ送信番号のファイルが {receipt['submission_id']} として受付済みですが、内容が違います。"
            "新しい申請として送り直してください。",
        )
    return receipt


def legible(text: str) -> str:
    """Words that came as bytes in another encoding than ours, as they were meant: CP932.

    Python keeps undecodable bytes of file names and arguments as lone surrogates, which no file, database or
    terminal takes. Text without them comes back as it is.
    """
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape").decode("cp932", "replace")
    except UnicodeEncodeError:  # a lone surrogate that never was a byte, out of JSON
        return text.encode("utf-8", "replace").decode()


def unwritable(text: str) -> list[str]:
    """The characters of a line that break lines, reports and terminals, or turn the reading around; each once."""
    return [
        char
        for char in dict.fromkeys(text)
        if category(char) in ("Cc", "Cs", "Zl", "Zp") or TURNS_AROUND.fullmatch(char)
    ]


def visible(text: str) -> str:
    """A line in which such characters are shown by their code points: ``a[U+000A]b``."""
    for char in unwritable(text):
        text = text.replace(char, _code_point(char))
    return text


def _code_point(char: str) -> str:
    return f"[U+{ord(char):04X}]"


def checked_file_name(name: str) -> str:
    """A name that can be written in papers and lists."""
    if found := unwritable(name):
        raise Refusal(
            "invalid-file-name",
            f"ファイル名「{visible(name)}」に使えない文字({'、'.join(map(_code_point, found))})があります。"
            "改行や制御文字を除いた名前にして送り直してください。",
        )
    return name


def checked_product(name: str) -> Product:
    """The product of that name (A-001)."""
    product = product_named(name)
    if product is None:
        raise Refusal(
            "unknown-product",
            f"保険種「{visible(name)}」は受け付けられません。使える保険種: {'、'.join(Product)}",
        )
    return product


def checked_sender(holder: str, user: str) -> tuple[str, str]:
    """9-digit holder and 12-digit user that begins with it (G-002)."""
    holder, user = checked_holder(holder), normalize("NFKC", user).strip()
    if not re.fullmatch(r"[0-9]{12}", user) or not user.startswith(holder):
        raise Refusal(
            "invalid-user",
            f"WebユーザーID「{visible(user)}」は保険利用者コード {holder} に続く12桁の数字で指定してください。",
        )
    return holder, user


def checked_holder(holder: str) -> str:
    """保険利用者コード of 9 digits."""
    holder = normalize("NFKC", holder).strip()
    if not re.fullmatch(r"[0-9]{9}", holder):
        raise Refusal(
            "invalid-holder", f"保険利用者コード「{visible(holder)}」は9桁の数字で指定してください。"
        )
    return holder


def checked_count(typed: str) -> int:
    """The declared number of records, an integer of at least 1 (A-009)."""
    text = normalize("NFKC", str(typed)).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise Refusal("invalid-count", f"申請件数「{visible(str(typed))}」は1以上の整数で入力してください。")
    return int(text)


def checked_remarks(remarks: str) -> str:
    """備考情報 of at most 500 characters, kept as typed (A-010…A-012); of control characters only line ends and tabs."""
    if found := [char for char in unwritable(remarks) if char not in "\t\r\n\u2028\u2029"]:
        raise Refusal(
            "invalid-remarks",
            f"備考情報に使えない文字({'、'.join(map(_code_point, found))})があります。除いて送り直してください。",
        )
    length = len(normalize("NFC", remarks.replace("\r\n", "\n")))
    if length > MAX_REMARKS:
        raise Refusal(
            "remarks-too-long", f"備考情報は{MAX_REMARKS}文字以内で入力してください(現在{length}文字)。"
        )
    return remarks


def checked_size(settings: Settings, size: int) -> None:
    """The limit of bytes (A-057)."""
    if size > settings.max_bytes:
        raise Refusal(
            "file-too-large",
            f"ファイルが大きすぎます({size:,}バイト)。{settings.max_bytes:,}バイト以内に分けて送ってください。",
        )


def read_as_declared(settings: Settings, wanted: Wanted, declared: int) -> "Decoded":
    """The file's records, whose number must be the declared one and within the limit (A-007, B-004, A-057)."""
    return as_declared(settings, read(wanted), declared)


def as_declared(settings: Settings, decoded: "Decoded", declared: int) -> "Decoded":
    """The same records, if their number is the declared one and within the limit."""
    if decoded.count != declared:
        from pipelines.reading.unlike import unlike_data

        rows = "、".join(unlike_data(decoded))
        raise Refusal(
            "count-mismatch",
            f"申請件数({declared}件)とファイルの件数({decoded.count}件)が一致しません。"
            f"{f'データに見えない行があります: {rows}。' if rows else ''}"
            "件数またはファイルを確かめて送り直してください。",
        )
    if decoded.count > settings.max_records:
        raise Refusal(
            "too-many-records",
            f"件数が多すぎます({decoded.count:,}件)。{settings.max_records:,}件以内に分けて送ってください。",
        )
    return decoded
