"""What users do with entries: each deed one transaction with its history. Table P-T1; Seed 000 ch. 9 §4-1, §5-1.

A row keeps its id through the lists: what was saved twice by an impatient click is saved once. Sending goes through
``ledgers.sending``; an entry is sent exactly when its upload is no draft any more, whatever was interrupted in between.
"""

import hashlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction

from portal_stub import clock
from portal_stub.accounts.models import DataScope, DoneOnce, User
from portal_stub.entries import tree as trees
from portal_stub.entries.items import agreements_of
from portal_stub.entries.judging import Fault, judged
from portal_stub.entries.models import Entry
from portal_stub.entries.tree import Place, Tree
from portal_stub.history.recording import audit, record
from portal_stub.ledgers import checking, sending
from portal_stub.ledgers.functions import FUNCTIONS, LedgerFunction
from portal_stub.ledgers.models import Upload
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource
from schemas.products import PARTIAL_TYPES
from schemas.submission import Refusal

Stand = Entry.Place
MOST = {Stand.DRAFT: 50, Stand.TEMPLATE: 100, Stand.WAITING: 100}
"""C-020 to C-023: per user and function."""
MOST_EDITING = 20
"""So many unfinished screens of a user and function are kept; opening one more takes the oldest away."""
NAME_LENGTH = 40
_SENT_KEPT = timedelta(days=2 * 366)
_CLAIM = timedelta(minutes=1)
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')


class Refused(Exception):
    """A deed that cannot be done; the message tells the user why and what to do."""


class Full(Refused):
    """The list has as many entries as it may (C-020 to C-024)."""


class SourceGone(Refused):
    """What was opened for editing is gone: saving would make a second one."""


class Stale(Exception):
    """The page was made of an older state. ``tree`` has what was typed laid over what stands there now."""

    def __init__(self, entry: Entry, tree: Tree) -> None:
        super().__init__(entry.pk)
        self.entry, self.tree = entry, tree


# ---------------------------------------------------------------------------------------------- who sees what
def own(user: User, product: str, place: Any) -> Any:
    """The user's entries in one of the lists, newest first."""
    return seen(Resource.OWN_ENTRY, user).filter(product=product, place=place)


def waiting(user: User, product: str) -> Any:
    """申請待一覧: the own ones, and for who sends for the holder those of users who may only enter (P-030)."""
    settle(user, product)
    rows = seen(Resource.ENTRY, user).filter(product=product, place=Stand.WAITING)
    return rows.select_related("user", "check_job", "upload")


def find(user: User, product: str, entry_id: str) -> Entry | None:
    """An entry that the user may look at; None if there is none (S-024)."""
    row: Entry | None = seen(Resource.ENTRY, user).filter(pk=entry_id[:32], product=product).first()
    return row


def settle(user: User, product: str) -> None:
    """Entries whose upload is on its way are sent, also when the page that sent them died."""
    gone = Entry.objects.filter(
        holder=user.holder_id,
        product=product,
        place=Stand.WAITING,
        upload__state__in=(Upload.State.SENDING, Upload.State.SENT),
    )
    if gone.exists():  # most often there is nothing to write
        gone.update(place=Stand.SENT)


# ---------------------------------------------------------------------------------------------- the screen
@transaction.atomic
def start(user: User, function: LedgerFunction, process_type: str) -> Entry:
    """An empty screen of a process type (P-023)."""
    codes = [code for code, _ in agreements_of(user, function.key)]
    made = trees.fresh(
        function.layout,
        process_type,
        policyholder_code=user.holder.code,
        agreement_code=codes[0] if len(codes) == 1 else "",
    )
    return _on_screen(user, function.key, made)


@transaction.atomic
def load(user: User, entry: Entry) -> Entry:
    """「編集」 and 「読込」: a copy on the screen; the row stays where it is until the copy is saved (P-012, P-013, P-024).

    An edit of the same row that was left unfinished goes on.
    """
    if entry.place != Stand.TEMPLATE:
        begun: Entry | None = own(user, entry.product, Stand.EDITING).filter(source=entry).first()
        if begun is not None:
            return begun
    return _on_screen(user, entry.product, entry.typed, entry)


@transaction.atomic
def take_in(user: User, function: LedgerFunction, found: Sequence[Tree]) -> list[Entry]:
    """The contracts of a file, each on a screen of its own; nothing is saved yet."""
    return [_on_screen(user, function.key, tree) for tree in found]


def _on_screen(user: User, product: str, tree: Tree, source: Entry | None = None) -> Entry:
    User.objects.select_for_update().get(pk=user.pk)
    for old in own(user, product, Stand.EDITING)[MOST_EDITING - 1 :]:
        old.delete()
    now = clock.now()
    row = Entry(
        id=uuid4().hex,
        user=user,
        holder=user.holder,
        product=product,
        place=Stand.EDITING,
        name=source.name if source else "",
        source=source,
        source_place=source.place if source else "",
        created_at=now,
    )
    _write(row, tree)
    row.save(force_insert=True)
    return row


def _write(row: Entry, tree: Tree) -> None:
    """Puts a tree into a row, with what lists show of it; unsaved yet."""
    row.tree = tree.kept()
    _saved_now(row)
    row.process_type, row.about = tree.process_type, about(tree)[:60]
    row.lines = len(trees.records(tree, FUNCTIONS[row.product].layout))
    row.revision += 1


def _saved_now(row: Entry) -> None:
    row.saved_at, row.number = clock.now(), time.time_ns()


def about(tree: Tree) -> str:
    """What tells an entry from others: its number, the export contract, or the month and amount of a notice."""
    header = tree.header
    year = header.get("application_year") or header.get("notice_year")
    serial = header.get("application_serial") or header.get("notice_serial")
    if tree.process_type in PARTIAL_TYPES and (year or serial):
        return f"{year or ''}-{serial or ''}"
    named = [
        branch.fields["export_contract_no"]
        for branch in tree.branches
        if branch.fields.get("export_contract_no")
    ]
    if named:
        return named[0]
    return " ".join(
        header[name] for name in ("shipment_month", "payer_code", "shipped_amount") if header.get(name)
    )


@transaction.atomic
def keep(
    entry: Entry, typed: Mapping[Place, Mapping[str, str]], process_type: str, revision: int
) -> tuple[Entry, int]:
    """Keeps what stands on the screen; ``typed`` has the values of each displayed node (the header at ``Place()``).

    The second is the revision that a button of this page speaks of: that of the page when nothing had to be kept.

    Raises:
        Stale: it was changed elsewhere meanwhile; nothing was kept.
    """
    row = Entry.objects.select_for_update().get(pk=entry.pk)
    tree = row.typed
    before = row.tree
    lay(tree, typed)
    if process_type != tree.process_type:
        trees.retyped(tree, FUNCTIONS[row.product].layout, process_type)
    if tree.kept() == before:
        return row, revision
    if row.revision != revision or row.place != Stand.EDITING:
        raise Stale(row, tree)
    _write(row, tree)
    row.save()
    return row, row.revision


def lay(tree: Tree, typed: Mapping[Place, Mapping[str, str]]) -> None:
    """Lays typed values over a tree. A node that is gone comes back: what was typed into it is not lost."""
    for place, values in typed.items():
        if max(place.branch or 0, place.shipment or 0, place.settlement or 0) > tree.last_key:
            continue  # no page of ours ever showed such a node
        fields = _fields_at(tree, place)
        for name, value in values.items():
            if cell := trees.tidy(value):
                fields[name] = cell
            else:
                fields.pop(name, None)


def _fields_at(tree: Tree, place: Place) -> dict[str, str]:
    if place.branch is None:
        return tree.header
    branch = tree.branch(place.branch)
    if branch is None:
        branch = trees.Branch(place.branch)
        tree.branches.append(branch)
    if place.shipment is None:
        return branch.fields
    shipment = tree.shipment(branch.key, place.shipment)
    if shipment is None:
        shipment = trees.Shipment(place.shipment)
        branch.shipments.append(shipment)
    if place.settlement is None:
        return shipment.fields
    for settlement in shipment.settlements:
        if settlement.key == place.settlement:
            return settlement.fields
    made = trees.Settlement(place.settlement)
    shipment.settlements.append(made)
    return made.fields


@transaction.atomic
def add(entry: Entry, level: str, place: Place, revision: int) -> Place:
    """「追加」 of 枝番, 船積No. or 決済; the place of what was added (P-005, P-006).

    Raises:
        Stale: it was changed elsewhere.
        Refused: the numbers have come to their end, or the entry has as many records as a screen takes.
    """
    row = _locked(entry, revision)
    tree = row.typed
    branch, shipment = tree.branch(place.branch), tree.shipment(place.branch, place.shipment)
    beside: list[Any] = tree.branches
    if level != "branch":
        beside = (
            (branch.shipments if branch else [])
            if level == "shipment"
            else (shipment.settlements if shipment else [])
        )
    if len(beside) >= trees.MOST_NODES or row.lines >= trees.MOST_RECORDS:
        raise Refused(
            f"これ以上は追加できません（1件の入力は{trees.MOST_RECORDS}件、番号は2桁まで）。"
            "大きな契約は、ファイルのアップロードで送信してください。"
        )
    if level == "branch":
        made = tree.add_branch()
        goal = Place(made.key, made.shipments[0].key if made.shipments else None)
    elif level == "shipment" and branch is not None:
        goal = Place(branch.key, tree.add_shipment(branch).key)
    elif shipment is not None and branch is not None:
        goal = Place(branch.key, shipment.key, tree.add_settlement(shipment).key)
    else:
        return place
    _write(row, tree)
    row.save()
    return goal


@transaction.atomic
def remove(entry: Entry, place: Place, revision: int) -> None:
    """「削除」 of the node and everything below it, after the question (P-007, A-032).

    Raises:
        Stale: it was changed elsewhere.
    """
    row = _locked(entry, revision)
    tree = row.typed
    tree.remove(place)
    if not tree.branches:
        tree.add_branch()
    _write(row, tree)
    row.save()


def _locked(entry: Entry, revision: int) -> Entry:
    row: Entry = Entry.objects.select_for_update().get(pk=entry.pk)
    if row.revision != revision or row.place != Stand.EDITING:
        raise Stale(row, row.typed)
    return row


def faults_of(entry: Entry, *, whole: bool) -> list[Fault]:
    """What 「保存」 (``whole``) or 「仮保存」 says of it."""
    limited = entry.user.data_scope == DataScope.LISTED
    codes = [code for code, _ in agreements_of(entry.user, entry.product)] if limited else None
    return judged(entry.typed, FUNCTIONS[entry.product].layout, whole=whole, agreements=codes)


# ---------------------------------------------------------------------------------------------- the lists
@transaction.atomic
def save(entry: Entry, place: Any, revision: int, name: str = "") -> Entry:
    """「保存」, 「仮保存」 and 「雛形保存」: the row leaves the screen for a list (P-008, P-009, P-011). Judged before.

    It takes the place of the row that was opened: an edited 申請待 and a read 仮保存 (P-013), and a 雛形 that is saved
    again under its own name. The same deed again finds it done.

    Raises:
        Stale: it was changed elsewhere.
        Full: the list is full; nothing was done (C-024).
        SourceGone: the 申請待 that was opened is not there any more.
        Refused: the name is taken.
    """
    user = User.objects.select_for_update().get(pk=entry.user_id)
    row: Entry = Entry.objects.select_for_update().get(pk=entry.pk)
    if row.place != Stand.EDITING:
        return row
    if row.revision != revision:
        raise Stale(row, row.typed)
    source = row.source
    if place != Stand.TEMPLATE and _lost(row):
        raise SourceGone(
            "この画面で編集していたものは、先に申請・通知されたか、別の画面で保存・削除されました。まだ保存していません。"
            "新しい1件として保存する場合は、もう一度ボタンを押してください。"
        )
    same_name = place == Stand.TEMPLATE == row.source_place and source is not None and name == source.name
    replaced = same_name or Stand.TEMPLATE not in (place, row.source_place)
    others = own(user, row.product, place)
    if replaced and source is not None:
        others = others.exclude(pk=source.pk)
    if others.count() >= MOST[place]:
        raise Full(full_words(FUNCTIONS[row.product], place))
    if place == Stand.TEMPLATE and others.filter(name=name).exists():
        raise Refused(
            f"雛形「{name}」は登録済みです。別の名称にするか、雛形一覧で古い雛形を削除してください。"
        )
    if replaced and source is not None:
        row.created_at = source.created_at
        source.delete()
    row.place, row.name = place, name
    row.source, row.source_place = None, ""
    _saved_now(row)
    row.save()
    record(user, "5-1")
    return row


def _lost(row: Entry) -> bool:
    """Whether the 申請待 that was opened for editing is not there any more."""
    return row.source_place == Stand.WAITING and (row.source is None or row.source.place != Stand.WAITING)


def part_from_source(entry: Entry) -> None:
    """What was opened is gone (sent, deleted or saved in another window): from now on this is an entry of its own."""
    Entry.objects.filter(pk=entry.pk).update(source=None, source_place="")


def list_title(function: LedgerFunction, place: Any) -> str:
    """The name of a list."""
    return {Stand.DRAFT: "仮保存一覧", Stand.TEMPLATE: "雛形一覧"}.get(place, function.waiting_title)


def full_words(function: LedgerFunction, place: Any) -> str:
    """What is said when a list is full."""
    return (
        f"{list_title(function, place)}に保存できるのは、{function.title}では{MOST[place]}件までです。"
        "一覧で不要なものを削除してから、もう一度保存してください。入力した内容は、この画面に残っています。"
    )


@transaction.atomic
def set_aside(user: User, entry: Entry) -> bool:
    """「仮保存」 of 申請待一覧: moves it to 仮保存一覧 (P-026, P-027); False when it is not there any more.

    Raises:
        Full: 仮保存一覧 is full.
    """
    User.objects.select_for_update().get(pk=user.pk)
    row = _still_waiting(user, entry)
    if row is None:
        return False
    if own(user, row.product, Stand.DRAFT).count() >= MOST[Stand.DRAFT]:
        raise Full(
            f"仮保存一覧に保存できるのは{MOST[Stand.DRAFT]}件までです。不要なものを削除してから、もう一度押してください。"
        )
    row.place = Stand.DRAFT
    _saved_now(row)
    row.save(update_fields=["place", "saved_at", "number"])
    record(user, "5-1")
    return True


def _still_waiting(user: User, entry: Entry) -> Entry | None:
    settle(user, entry.product)
    row: Entry | None = (
        Entry.objects.select_for_update().filter(pk=entry.pk, user=user, place=Stand.WAITING).first()
    )
    return row


@transaction.atomic
def delete(user: User, entry: Entry, once: str = "") -> bool:
    """「削除」 in the lists (P-014, P-025), and of an unfinished screen; False when it was not there any more.

    ``once`` names the question: sent twice it finds what it did (``deleted_before``).
    """
    settle(user, entry.product)
    found = Entry.objects.filter(pk=entry.pk, user=user).exclude(place=Stand.SENT)
    place = found.values_list("place", flat=True).first()
    if place is None:
        return False
    found.delete()
    if once:
        DoneOnce.objects.get_or_create(user=user, token=once, defaults={"result": place, "at": clock.now()})
    audit(user.login_id, "entry-deleted", entry.pk, place=place, about=entry.about)
    return True


def deleted_before(user: User, once: str) -> str:
    """The list out of which this question deleted something already; empty if it did not."""
    done = DoneOnce.objects.filter(user=user, token=once).first()
    return done.result if done is not None and done.result in Stand.values else ""


# ---------------------------------------------------------------------------------------------- checking and sending
def file_name(entry: Entry) -> str:
    """The name of the file that an entry becomes: 申請入力_<what it is about>_<time>.csv."""
    function, now = FUNCTIONS[entry.product], clock.now()
    named = _FORBIDDEN.sub("_", entry.about) or "番号なし"
    return f"{function.entry_title}_{named}_{now:%Y%m%d-%H%M%S}.csv"


def _kept_as_file(user: User, entry: Entry) -> Upload:
    layout = FUNCTIONS[entry.product].layout
    found = trees.records(entry.typed, layout)
    return sending.keep(
        user,
        entry.product,
        file_name(entry),
        [trees.csv_bytes(found, layout)],
        str(len(found)),
        origin=Upload.Origin.ENTRY,
    )


@transaction.atomic
def check(user: User, entries: Iterable[Entry]) -> None:
    """「検査する」 and 「すべて検査」: the same check as that of an upload, one job per entry; what is current stays."""
    for entry in entries:
        if entry.check_is_current:
            continue
        upload = _kept_as_file(user, entry)
        job = checking.begin(user, upload)
        Entry.objects.filter(pk=entry.pk).update(check_job=job, checked_revision=entry.revision)


def state_of(entries: Iterable[Entry]) -> str:
    """Names a list as it is displayed: 「一括申請」 sends what was displayed, or says that it has changed."""
    told = ",".join(f"{entry.pk}:{entry.revision}" for entry in entries)
    return hashlib.sha256(told.encode()).hexdigest()[:40]


def sent_before(user: User, once: str) -> list[Upload] | None:
    """What was sent with this page already; None if nothing was (S-017)."""
    done = DoneOnce.objects.filter(user=user, token=once).first()
    upload = None if done is None else seen(Resource.OWN_UPLOAD, user).filter(pk=done.result).first()
    return None if upload is None else batch_of(user, upload.batch)


def batch_of(user: User, batch: str) -> list[Upload]:
    """What the user sent with one click."""
    return list(seen(Resource.OWN_UPLOAD, user).filter(batch=batch).order_by("place")) if batch else []


def send(user: User, entries: Sequence[Entry], once: str, *, resend: bool = False) -> list[Upload]:
    """「一括申請」, 「一括通知」 and 「申込む」: every entry becomes an upload, all or none, once (P-020, P-031, C-008).

    Raises:
        Refusal: see ``ledgers.sending.send``.
    """
    if (done := sent_before(user, once)) is not None:
        settle(user, done[0].product)
        return done
    drafts = _claimed(user, entries)
    try:
        sent = sending.send(user, drafts, once, resend=resend)
    except Refusal:
        Entry.objects.filter(upload__in=drafts).update(upload=None)
        raise
    Entry.objects.filter(upload__in=sent).update(place=Stand.SENT)
    return sent


@transaction.atomic
def _claimed(user: User, entries: Sequence[Entry]) -> list[Upload]:
    """An upload for each entry as it was displayed, tied to it; whoever sends the same at that moment is refused."""
    if entries:
        settle(user, entries[0].product)
    rows = {
        row.pk: row
        for row in Entry.objects.select_for_update(of=("self",))
        .filter(pk__in=[entry.pk for entry in entries], place__in=(Stand.WAITING, Stand.EDITING))
        .select_related("upload")
    }
    fresh = clock.now() - _CLAIM
    for entry in entries:
        row = rows.get(entry.pk)
        if row is None or row.revision != entry.revision:
            raise Refusal(
                "already-sent",
                "一覧の内容が変わりました。一覧を開き直し、内容を確認してから、もう一度押してください。",
            )
        if row.upload is not None and row.upload.user_id != user.pk and row.upload.kept_at > fresh:
            raise Refusal(
                "already-sent",
                "別の利用者が同じものを送信しています。少し待ってから、一覧を開き直してください。",
            )
    drafts = []
    for entry in entries:
        row = rows[entry.pk]
        row.upload = _kept_as_file(user, row)
        row.save(update_fields=["upload"])
        drafts.append(row.upload)
    return drafts


def tidy() -> int:
    """Takes away what was sent two years ago; how many rows went."""
    gone, _ = Entry.objects.filter(place=Stand.SENT, saved_at__lt=clock.now() - _SENT_KEPT).delete()
    return int(gone)
