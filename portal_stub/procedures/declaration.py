"""What a procedure is: steps, items, documents, agreements, who may use it, mails, history codes, what 申込む does.

A procedure is one ``Procedure`` handed to ``registry.declare``; pages, states, numbering, saving and mails come from the
engine. How to write one: ``docs/adding-a-procedure.md``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from portal_stub.access import Access

if TYPE_CHECKING:
    from portal_stub.accounts.models import User
    from portal_stub.procedures.forms import StepForm
    from portal_stub.procedures.models import Application


class NotEligible(Exception):
    """The procedure cannot be used now, by this user or for this subject; the message tells why and what to do."""


class Role(StrEnum):
    """Who gets a mail about an application (table S-T1)."""

    APPLICANT = "applicant"
    """Who pressed 申込む."""
    ADMINISTRATOR = "administrator"
    ENTERER = "enterer"
    """Who entered it first."""


ALL_THREE = frozenset(Role)


class Event(StrEnum):
    """What a mail tells."""

    RECEIPT = "receipt"
    START = "start"
    COMPLETION = "completion"
    AGAIN = "again"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"
    """Documents that were to come separately have not been seen in time (K-040)."""


@dataclass(frozen=True)
class Slot:
    """A kind of document to attach; several files fit into one (K-027)."""

    key: str
    title: str
    required: bool = False
    note: str = ""


def no_slots(draft: "Application") -> Sequence[Slot]:
    """A step without documents."""
    return ()


def always(draft: "Application") -> bool:
    """The condition of a step that is never left out."""
    return True


def never(application: "Application") -> bool:
    """The condition of a deed that is not offered."""
    return False


def nothing_to_tell(draft: "Application") -> Sequence[str]:
    """A step that needs no further words."""
    return ()


@dataclass(frozen=True)
class Step:
    """One page of entry. Its items are a ``StepForm``; it may ask for documents."""

    key: str
    title: str
    form: "type[StepForm]"
    lead: str = ""
    onward: str = "次へ"
    """Label of the button that goes on."""
    asked: Callable[["Application"], bool] = always
    """False: the step is left out of the journey, and what it held is dropped."""
    tells: Callable[["Application"], Sequence[str]] = nothing_to_tell
    """Lines above the form that depend on earlier answers, such as the list of documents needed."""
    slots: Callable[["Application"], Sequence[Slot]] = no_slots
    template: str = "procedures/step.html"


@dataclass(frozen=True)
class Agreement:
    """A box to tick at the check page before 申込む (G-090)."""

    key: str
    text: str


@dataclass(frozen=True)
class Introduction:
    """申込手続きの内容と流れ: what it is, and the way from here to the result."""

    lead: Sequence[str]
    flow: Sequence[tuple[str, str]]
    """Title and words of each stage."""
    onward: str = "申込情報の入力へ"


@dataclass(frozen=True)
class Subject:
    """What an application is about: how it is found, and what is known of it."""

    title: str
    facts: Sequence[tuple[str, str]] = ()
    known: Mapping[str, Any] = field(default_factory=dict)
    """Item → value in force: prefilled, and compared with what is typed."""
    prefilled: Mapping[str, Any] = field(default_factory=dict)
    """Item → suggestion, such as 担当者情報 from the user's own data (K-019)."""
    reference: str = ""
    """参考情報 of the list, if the answers do not say it."""


def no_subject(user: "User", key: str) -> Subject:
    """A procedure about nothing that exists yet.

    Raises:
        NotEligible: a subject was named all the same.
    """
    if key:
        raise NotEligible("この手続きの対象を選び直してください。")
    return Subject("")


@dataclass(frozen=True)
class Link:
    """A way on from the check or completion page."""

    label: str
    route: str


@dataclass(frozen=True)
class SeparateDocuments:
    """別送資料: documents that come on paper, with a cover sheet that names where to send them (K-038).

    The address is the same for all procedures: ``documents_destination`` of ``portal.toml``.
    """

    said: Callable[["Application"], Sequence[str]]
    """Names of the documents that will come; empty: none."""
    section: str
    """Who opens them there, such as 海外商社登録係."""
    days: int = 15
    """They must arrive within so many days of the Web申込日 (C-037)."""


@dataclass(frozen=True)
class Notice:
    """通知書 as PDF of a completed application (H-020)."""

    title: str
    paragraphs: Callable[["Application"], Sequence[str]]


@dataclass(frozen=True)
class Procedure:
    """One procedure of the manual."""

    key: str
    title: str
    """申込種類 of the list, and name of the pages."""
    chapter: str
    version: int
    """Grows with every change of items or wording; stored with each application."""
    steps: tuple[Step, ...]
    effect: "Callable[[Application], None]"
    """What comes into force: when the insurer completes it, or with 申込む where ``at_once``."""
    reference: "Callable[[Application, Subject], str]"
    """参考情報 (H-016)."""
    access: Access = Access.APPLICANT
    otp: bool = True
    at_once: bool = False
    """True: 申込む completes it; the insurer has nothing to decide (G-089)."""
    saved_code: str = ""
    """Access history at 「入力と保存」; empty: the internal log only (G-111)."""
    applied_code: str = ""
    mails: Mapping[Event, frozenset[Role]] = field(default_factory=dict)
    introduction: Introduction | None = None
    subject: "Callable[[User, str], Subject]" = no_subject
    judge: "Callable[[Application], Sequence[str]]" = nothing_to_tell
    """What is wrong with the answers as a whole at the check page and at 申込む; empty: nothing."""
    warn: "Callable[[Application], Sequence[str]]" = nothing_to_tell
    """What the user should know before 申込む; does not stop it."""
    agreements: tuple[Agreement, ...] = ()
    separate: SeparateDocuments | None = None
    notice: Notice | None = None
    credit_report: Callable[["Application"], bool] = never
    """Whether the insurer was asked to get the 信用調査報告書 first: state 調書取得中 (H-019, K-025)."""
    check_links: tuple[Link, ...] = ()
    done_links: tuple[Link, ...] = ()
    once_more: str = ""
    """Label of the way to another application of the kind, such as 続けて申込みへ."""
    done_words: str = ""
    """What the completion page says beside the number."""
    back_to: str = "user-page"
    """Route to which 「戻る」 of the first page leads."""

    def step(self, key: str) -> Step | None:
        """The step of a key, if there is one."""
        return next((step for step in self.steps if step.key == key), None)
