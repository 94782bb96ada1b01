"""Keeping an upload and bringing it to the pipeline's drop: nothing is lost on the way, nothing arrives twice.

Deciding to send is one transaction over all uploads of a click: windows, counts and identical bytes are judged, then
rows, history and the token of the page are written. Then whoever decided puts the files into the portal's own part of the
drop, where no sender can write and which alone is believed in who sent what. What a crash leaves undone the worker does
(``bring_pending``); the number in the manifest makes the pipeline take it once.
Contract §5 "Drop"; Seed 000 ch. 9 §4-1, §4-2, §5-1, §5-2.
"""

import json
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from daicho.folders import PRIVATE, Folder
from daicho.settings import Settings
from portal_stub import clock
from portal_stub.accounts.models import DoneOnce, User
from portal_stub.feed.calendar import calendar
from portal_stub.feed.models import Refused, Submission, shown_since
from portal_stub.history.recording import record
from portal_stub.ledgers.functions import FUNCTIONS
from portal_stub.ledgers.models import Upload
from portal_stub.pipeline import door
from portal_stub.shelves import Shelf
from portal_stub.visibility.judging import may_see
from schemas.submission import DROP, DROP_MODE, PORTAL, Refusal
from sensors.windows import acceptance_day, acceptance_day_if_sent

SHELF = Shelf("uploads")
DRAFT_LIFE = timedelta(days=7)
"""Longer than the longest time without acceptance hours, which ends before anybody has to choose a file again."""
_KEPT_AFTER = timedelta(days=30)
"""So long the portal keeps its own copy after sending; the pipeline's archive keeps the bytes for ever."""
_LEASE = 60
"""Real seconds in which one process brings an upload to the drop."""
_PIECE = 1024 * 1024
ENDINGS = (".csv", ".xlsx")
OF_ANOTHER = "別の利用者の申請"
"""How a hand-in that the user may not see is called."""


def keep(
    user: User,
    product: str,
    file_name: str,
    pieces: Iterable[bytes],
    count: str,
    remarks: str = "",
    origin: Any = Upload.Origin.FILE,
) -> Upload:
    """Keeps a file as a draft, so that nobody has to choose it again. ``count`` is as typed; empty: not told yet.

    Raises:
        Refusal: ``invalid-count``, ``remarks-too-long``, ``unknown-ending``, ``invalid-file-name``.
    """
    name = door.judge_name(bare_name(file_name))
    if not name.lower().endswith(ENDINGS):
        raise Refusal(
            "unknown-ending",
            f"「{name}」は送信できません。CSV（.csv）またはExcel（.xlsx）のファイルを選んでください。",
        )
    number, told = door.judge_count(count) if count else 0, door.judge_remarks(remarks)
    kept = SHELF.keep(pieces)
    return Upload.objects.create(
        id=uuid4().hex,
        product=FUNCTIONS[product].key,
        holder=user.holder,
        user=user,
        origin=origin,
        file_name=name,
        size=kept.size,
        sha256=kept.sha256,
        count=number,
        remarks=told,
        kept_at=clock.now(),
    )


def bare_name(file_name: str) -> str:
    """The name without folders, short enough to be kept; its ending stays."""
    name = PurePosixPath(file_name.replace("\\", "/")).name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: 200 - len(ending)]}{dot}{ending}"


def draft_of(user: User, upload_id: str) -> Upload | None:
    """The draft with this id, if it is the user's own."""
    found: Upload | None = Upload.objects.filter(pk=upload_id, user=user, state=Upload.State.DRAFT).first()
    return found


def opened(upload: Upload) -> BinaryIO:
    """The bytes of an upload as the portal keeps them.

    Raises:
        FileNotFoundError: the portal's copy is gone; the pipeline's archive has it.
    """
    return SHELF.read(upload.sha256)


def acceptance_if_sent() -> date:
    """The acceptance day (受理日) of an upload sent now; outside the hours that of the next opening."""
    return acceptance_day_if_sent(clock.now(), calendar())


def identical_to(upload: Upload) -> str | None:
    """What has the very same bytes, product and holder and is booked or waiting: a submission's number, or 送信中."""
    same = Q(sha256=upload.sha256, product=upload.product)
    found = Submission.objects.filter(same, holder=upload.holder.code).exclude(verdict="rejected").first()
    if found is not None:
        return str(found.pk)
    told = Submission.objects.exclude(dispatch="").values("dispatch")
    refused = Refused.objects.values("dispatch")
    on_the_way = (
        Upload.objects.filter(same, holder=upload.holder)
        .exclude(Q(state=Upload.State.DRAFT) | Q(pk=upload.pk) | Q(pk__in=told) | Q(pk__in=refused))
        .first()
    )
    return None if on_the_way is None else "送信中のもの"


def send(user: User, uploads: Sequence[Upload], once: str, *, resend: bool = False) -> list[Upload]:
    """Sends drafts, all or none; the same ``once`` again gives what was sent then (S-017).

    Raises:
        Refusal: ``outside-hours`` (C-003, C-008), ``count-mismatch``, ``file-too-large``, ``too-many-records``, what
            cannot be read, ``identical-upload`` unless ``resend``, ``already-sent``, ``nothing-to-send``.
    """
    if (done := _sent_before(user, once)) is not None:
        return done
    if not uploads:
        raise Refusal("nothing-to-send", "送信するものがありません。")
    acceptance_day(clock.now(), calendar())
    for upload in uploads:
        if upload.origin != Upload.Origin.ENTRY:  # the portal counted those itself
            door.judge(SHELF.path(upload.sha256), upload.file_name, upload.product, str(upload.count))
    sent, is_ours = _decided(user, uploads, once, resend)
    for upload in sent if is_ours else ():
        bring(upload)
    return sent


def _sent_before(user: User, once: str) -> list[Upload] | None:
    done = DoneOnce.objects.filter(user=user, token=once).first()
    if done is None:
        return None
    first = Upload.objects.get(pk=done.result)
    return list(Upload.objects.filter(user=user, batch=first.batch).order_by("place"))


@transaction.atomic
def _decided(user: User, uploads: Sequence[Upload], once: str, resend: bool) -> tuple[list[Upload], bool]:
    """The rows of what is sent, in the order given, decided in one transaction; and whether this is who decided.

    Only that one has the lease in which they are brought.
    """
    # Two clicks on one page meet here: the second finds what the first did.
    User.objects.select_for_update().get(pk=user.pk)
    if (done := _sent_before(user, once)) is not None:
        return done, False
    now = clock.now()
    day = acceptance_day(now, calendar())  # as it is now, not as it was when the page was made
    rows = {
        row.pk: row
        for row in Upload.objects.select_for_update().filter(
            pk__in=[upload.pk for upload in uploads], state=Upload.State.DRAFT
        )
    }
    if len(rows) != len(uploads):
        raise Refusal(
            "already-sent", "すでに送信されたか、削除されたものがあります。一覧を開き直してください。"
        )
    batch = uuid4().hex
    sent = [rows[upload.pk] for upload in uploads]
    for number, row in enumerate(sent):
        if not resend and (same := identical_to(row)):
            raise Refusal(
                "identical-upload",
                f"「{row.file_name}」と同じ内容が {told_to(user, same)} として受付済みです。"
                "意図してもう一度送るときは「同じ内容をもう一度送る」にチェックを付けてください。",
            )
        row.state, row.sent_at, row.expected_on = Upload.State.SENDING, now, day
        row.batch, row.place, row.resend = batch, number, resend
        row.claimed_until = int(time.time()) + _LEASE
        row.save()
    record(user, "5-2")
    DoneOnce.objects.create(user=user, token=once, result=sent[0].pk, at=now)
    return sent, True


def told_to(user: User, number: str) -> str:
    """A 受付番号 for who may see it; else that it is somebody else's."""
    told = Submission.objects.filter(pk=number).first()
    return number if told is None or may_see(user, told) else OF_ANOTHER


def bring(upload: Upload) -> None:
    """Puts a decided upload and its manifest into the drop, the file last and in one step; for who has its lease.

    Twice does no harm: the pipeline takes each number once.
    """
    ending = PurePosixPath(upload.file_name).suffix.lower()
    with _place(upload.holder.code) as folder:
        _write(folder, f"{upload.pk}.json", [json.dumps(_manifest(upload), ensure_ascii=False).encode()])
        with SHELF.read(upload.sha256) as stream:
            _write(folder, f"{upload.pk}{ending}", iter(lambda: stream.read(_PIECE), b""))
    Upload.objects.filter(pk=upload.pk, state=Upload.State.SENDING).update(state=Upload.State.SENT)
    upload.state = Upload.State.SENT


def _place(holder: str) -> Folder:
    """Where the portal puts what a holder sends: a folder that nobody else can write in."""
    with Folder.made_at(Settings.from_env().home / DROP, DROP_MODE) as root:
        return root.within(f"{PORTAL}/{holder}", 0o700)


def _tidy_places() -> None:
    """Takes away what was half written for the drop when its process died."""
    with (
        suppress(FileNotFoundError),
        Folder.at(Settings.from_env().home / DROP) as root,
        root.inner(PORTAL) as ours,
    ):
        for name, _ in ours.entries():
            with ours.inner(name) as folder:
                folder.tidy()


def _manifest(upload: Upload) -> dict[str, Any]:
    return {
        "product": upload.product,
        "user": upload.user.login_id,
        "count": upload.count,
        "remarks": upload.remarks,
        "resend": upload.resend,
        "file_name": upload.file_name,
        "dispatch": upload.pk,
        "size": upload.size,
        "sha256": upload.sha256,
    }


def _write(folder: Folder, name: str, pieces: Iterable[bytes]) -> None:
    folder.write(name, pieces, PRIVATE)


def bring_pending() -> int:
    """Brings what a page decided and could not bring (it died, the disk was full); how many.

    One that cannot be brought this time keeps none of the others waiting; its turn comes again.
    """
    brought = 0
    for row in Upload.objects.filter(state=Upload.State.SENDING).order_by("sent_at", "place"):
        free = Upload.objects.filter(
            pk=row.pk, state=Upload.State.SENDING, claimed_until__lt=int(time.time())
        )
        if free.update(claimed_until=int(time.time()) + _LEASE) != 1:
            continue
        try:
            bring(row)
        except Exception:
            logging.getLogger(__name__).exception("upload %s could not be brought to the drop", row.pk)
        else:
            brought += 1
    return brought


def tidy() -> int:
    """Takes away drafts that nobody sent, what no list shows any more (C-027), and copies that the archive has; how many
    rows went.
    """
    now = clock.now()
    drafts = Q(state=Upload.State.DRAFT, kept_at__lt=now - DRAFT_LIFE)
    undecided = Submission.objects.filter(verdict="").exclude(dispatch="").values("dispatch")
    over = Q(state=Upload.State.SENT, sent_at__lt=shown_since(now)) & ~Q(pk__in=undecided)
    gone, _ = Upload.objects.filter(drafts | over).delete()
    fresh = ~Q(state=Upload.State.SENT) | Q(sent_at__gte=now - _KEPT_AFTER)
    SHELF.sweep(set(Upload.objects.filter(fresh).values_list("sha256", flat=True)))
    _tidy_places()
    return int(gone)
