"""What can be seen, by name, and which parameters of an address name it. Which rows a user sees is ``rules``."""

from enum import StrEnum


class Resource(StrEnum):
    """One kind of thing that an address, a list or a job can be about."""

    SUBMISSION = "submission"
    """What the pipeline told of a hand-in, whatever way it came."""
    UPLOAD = "upload"
    """What the portal sent, or keeps as a draft."""
    SENT_UPLOAD = "sent-upload"
    """Of those what 申請済一覧 shows."""
    OWN_UPLOAD = "own-upload"
    """What the user uploaded or typed in himself, drafts included: its check, its completion."""
    BATCH = "batch"
    """What the user sent with one click."""
    HAND_IN = "hand-in"
    """A row of 申請済一覧: an upload by its id, or a submission that came another way by its 受付番号."""
    STANDING = "standing"
    """The same, or what the user just sent himself: how it stands."""
    DISPATCH = "dispatch"
    """A hand-in as programs name it: 受付番号, or the number of its upload."""
    DOCUMENT = "document"
    """A paper of a hand-in or of a ledger unit."""
    LEDGER = "ledger"
    """A 照合台帳, by its 台帳番号."""
    ENTRY = "entry"
    """A typed-in contract or notice: the own ones, and those that the user sends for others (P-030)."""
    OWN_ENTRY = "own-entry"
    JOB = "job"
    """Background work with its file."""
    APPLICATION = "application"
    """An application that the user may go on with or look at."""
    LISTED_APPLICATION = "listed-application"
    """One that stands in the user's Web申込状況一覧."""
    COVER = "cover"
    """One whose 送付状 the user may print: also who applied without the right to see the list."""
    COLLEAGUE = "colleague"
    """A user whose ID stands in the Web申込状況一覧."""
    APPLICANT = "applicant"
    """An 申込者 of the 管理者's holder."""
    API_TOKEN = "api-token"
    ACCOUNT = "account"
    CLAIMS = "claims"
    """A published 債権一覧表."""
    PROJECT = "project"
    """A project with such lists."""
    PAPER_CONTRACT = "paper-contract"
    LOSS = "loss"
    AGREEMENT = "agreement"
    """A 特約 whose concluded data are seen."""
    MONTH_FIGURE = "month-figure"
    LIMIT_USE = "limit-use"
    ACCESS_RECORD = "access-record"


NAMED_BY: dict[Resource, tuple[str, ...]] = {
    Resource.OWN_UPLOAD: ("upload_id",),
    Resource.BATCH: ("batch",),
    Resource.HAND_IN: ("key",),
    Resource.STANDING: ("key",),
    Resource.DISPATCH: ("submission_id",),
    Resource.DOCUMENT: ("document_id",),
    Resource.LEDGER: ("ledger_id",),
    Resource.ENTRY: ("entry_id",),
    Resource.OWN_ENTRY: ("entry_id",),
    Resource.JOB: ("job_id", "file_id", "check_id"),
    Resource.APPLICATION: ("token",),
    Resource.LISTED_APPLICATION: ("number",),
    Resource.COVER: ("number",),
    Resource.COLLEAGUE: ("login_id",),
    Resource.APPLICANT: ("login_id",),
    Resource.API_TOKEN: ("token_id",),
    Resource.CLAIMS: ("claims_id",),
    Resource.PROJECT: ("project",),
}
"""The parameters of addresses by which a resource is named (any one of them)."""

NAMES_NOTHING = frozenset(
    {
        *(
            "product",
            "estimate_product",
            "topic",
            "reason",
            "step",
            "item",
            "kind",
            "check_file",
            "procedure_key",
        ),
        "code",  # the 海外商社名簿 and the countries are everybody's
        "document",  # the attachment of an application that is judged itself
    }
)
"""Parameters that choose among what everybody may see, or within a thing that is named beside them."""


def undeclared_parameters(parameters: list[str], shows: tuple[Resource, ...]) -> list[str]:
    """The parameters of an address that name a thing of which nothing is declared."""
    known = {name for resource in shows for name in NAMED_BY[resource]} | NAMES_NOTHING
    return [name for name in parameters if name not in known]
