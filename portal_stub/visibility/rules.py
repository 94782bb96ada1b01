"""Which rows exist for a user, said once of every resource. Tables G-T1; G-014 to G-025, S-024.

Two scopes narrow what a holder has. 申込データ参照範囲: hand-ins, entries and applications, all of them or the own ones.
情報データ参照範囲: concluded data, all of them or those of the listed 特約 (対象特約のみ); the listed 特約 also bound what
others handed in, since that becomes concluded data (G-021). What a hand-in names is known once the pipeline told it: until
then, and where it names nothing, it exists for who sent it alone. What a user handed in himself stays his to follow, with
its findings; papers of it that tell of other 特約 do not.

A 全社閲覧用ID sees the concluded data of several holders (G-022). ``judging`` keeps the insurer's desk out of here.
"""

import re
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from portal_stub import clock
from portal_stub.accounts.models import Agreement, ApplicationScope, DataScope, EntryRight, Kind, User
from portal_stub.api.models import ApiToken
from portal_stub.entries.models import Entry
from portal_stub.feed.models import Document, LimitUse, MonthFigure, Submission, shown_since
from portal_stub.history.models import AccessRecord
from portal_stub.holders.models import Account
from portal_stub.inquiries.models import ClaimsFile, Loss, PaperContract
from portal_stub.jobs.models import Job
from portal_stub.jobs.registry import kind_named
from portal_stub.ledgers.models import Upload
from portal_stub.procedures.models import LISTED, Application, State
from portal_stub.visibility.judging import rule
from portal_stub.visibility.resources import Resource
from schemas.submission import DISPATCH

_OWN_PAPERS = ("receipt", "findings_report")
"""Papers that tell of a hand-in nothing but what stood in it."""
_SUBMISSION = re.compile(r"S[0-9]{1,18}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_LOGIN_ID = re.compile(r"[0-9]{12}")


def _code(user: User) -> str:
    return user.holder.code if user.holder else ""


def _bound_to(user: User) -> set[str] | None:
    """The 特約 to which hand-ins of others are bound; None: all."""
    return user.seen_agreements() if user.data_scope == DataScope.LISTED else None


def _agreed(user: User, rows: Any, column: str = "agreement") -> Any:
    """Rows of concluded data, cut down to the 特約 that the user sees (G-015, G-021)."""
    codes = user.seen_agreements()
    return rows if codes is None else rows.filter(**{f"{column}__in": codes - {""}})


def _of_seen_holders(user: User, rows: Any, column: str = "holder") -> Any:
    return rows.filter(**{f"{column}__in": list(user.seen_holders().values_list("code", flat=True))})


# ---------------------------------------------------------------------------------------------- hand-ins
@rule(Resource.SUBMISSION, Submission, main=True)
def submissions(user: User) -> Any:
    """Of the own holder, as long as lists show them (C-027): all, or the own ones (G-016 to G-018)."""
    return _handed_in(user, Submission.objects.shown_at(clock.now()))


def _handed_in(user: User, rows: Any) -> Any:
    rows, own = rows.filter(holder=_code(user)), Q(user=user.login_id)
    if not _code(user) or not user.may_see_applications:
        return rows.none()
    if user.application_scope != ApplicationScope.ALL:
        return rows.filter(own)
    codes = _bound_to(user)
    return (
        rows
        if codes is None
        else rows.filter(own | Q(pk__in=rows.naming_only(codes).order_by().values("pk")))
    )


@rule(Resource.UPLOAD, Upload, main=True)
def uploads(user: User) -> Any:
    """The own ones; of colleagues what was sent, as long as lists show it."""
    own = Q(user=user.pk)
    if user.application_scope != ApplicationScope.ALL:
        return Upload.objects.filter(own, holder=user.holder_id)
    now = clock.now()
    waiting = Submission.objects.filter(verdict="").exclude(dispatch="").values("dispatch")
    sent = Q(state__in=(Upload.State.SENDING, Upload.State.SENT))
    sent &= Q(sent_at__gte=shown_since(now)) | Q(pk__in=waiting)
    if (codes := _bound_to(user)) is not None:
        told = Submission.objects.filter(holder=_code(user)).naming_only(codes)
        sent &= Q(pk__in=told.exclude(dispatch="").order_by().values("dispatch"))
    return Upload.objects.filter(own | sent, holder=user.holder_id)


@rule(Resource.SENT_UPLOAD, Upload)
def sent_uploads(user: User) -> Any:
    """Of those what lists of hand-ins show: sent, not left the list."""
    if not user.may_see_applications:
        return Upload.objects.none()
    waiting = Submission.objects.filter(verdict="").exclude(dispatch="").values("dispatch")
    shown = Q(sent_at__gte=shown_since(clock.now())) | Q(pk__in=waiting)
    return uploads(user).filter(shown, state__in=(Upload.State.SENDING, Upload.State.SENT))


@rule(Resource.OWN_UPLOAD, Upload)
def own_uploads(user: User) -> Any:
    """What the user uploaded or typed in, whatever became of it."""
    return Upload.objects.select_related("last_check", "holder").filter(user=user, holder=user.holder_id)


def _batch(user: User, name: str) -> Any:
    return (
        list(own_uploads(user).filter(batch=name).order_by("place")) or None
        if DISPATCH.fullmatch(name)
        else None
    )


rule(Resource.BATCH, Upload, find=_batch)(own_uploads)


def _hand_in(user: User, key: str) -> Any:
    """An upload, or a submission that the portal did not send."""
    if DISPATCH.fullmatch(key):
        return sent_uploads(user).filter(pk=key).first()
    if not _SUBMISSION.fullmatch(key):
        return None
    here = Exists(Upload.objects.filter(pk=OuterRef("dispatch")))
    return submissions(user).filter(Q(dispatch="") | ~here, pk=key).first()


rule(Resource.HAND_IN, Submission, find=_hand_in)(submissions)


def _standing(user: User, key: str) -> Any:
    if DISPATCH.fullmatch(key):
        return uploads(user).filter(pk=key).exclude(state=Upload.State.DRAFT).first()
    return submissions(user).filter(pk=key).first() if _SUBMISSION.fullmatch(key) else None


rule(Resource.STANDING, Submission, find=_standing)(submissions)


def _dispatch(user: User, name: str) -> Any:
    if _SUBMISSION.fullmatch(name):
        return submissions(user).filter(pk=name).first()
    if not DISPATCH.fullmatch(name):
        return None
    told = submissions(user).filter(dispatch=name).first()
    return told or sent_uploads(user).select_related("user", "holder").filter(pk=name).first()


rule(Resource.DISPATCH, Submission, find=_dispatch)(submissions)


# ---------------------------------------------------------------------------------------------- papers
@rule(Resource.DOCUMENT, Document, main=True)
def documents(user: User) -> Any:
    """Papers that are still provided: of ledger units as concluded data, of hand-ins as those."""
    rows = _of_seen_holders(user, Document.objects.obtainable_at(clock.now()))
    of_units = Q(submission_id="")
    if (codes := user.seen_agreements()) is not None:
        of_units &= Q(agreement__in=codes - {""})
    told = submissions(user)
    if (codes := _bound_to(user)) is not None:
        all_papers = told.naming_only(codes).order_by().values("pk")
        own = told.filter(user=user.login_id).order_by().values("pk")
        of_hand_ins = Q(submission_id__in=all_papers) | Q(submission_id__in=own, kind__in=_OWN_PAPERS)
    else:
        of_hand_ins = Q(submission_id__in=told.order_by().values("pk"))
    return rows.filter(of_units | (of_hand_ins & ~Q(submission_id="") & Q(holder=_code(user))))


def _ledger(user: User, name: str) -> Any:
    if "\0" in name or len(name) > 150:
        return None
    row = documents(user).filter(pk=f"reconciliation_ledger-{name}-pdf", kind="reconciliation_ledger").first()
    return row if row is not None and row.pk == f"reconciliation_ledger-{name}-pdf" else None


rule(Resource.LEDGER, Document, find=_ledger)(documents)


# ---------------------------------------------------------------------------------------------- entries
@rule(Resource.ENTRY, Entry, main=True)
def entries(user: User) -> Any:
    """The own ones; for who sends for the holder those 申請待 of users who may only enter (P-030)."""
    mine = Q(user=user)
    if user.may_apply and user.application_scope == ApplicationScope.ALL:
        theirs = Q(user__entry_right=EntryRight.ENTER, place=Entry.Place.WAITING)
        # One whose upload is on its way is sent, also when the page that sent it died.
        theirs &= Q(upload__isnull=True) | Q(upload__state=Upload.State.DRAFT)
        if (codes := _bound_to(user)) is not None:
            theirs &= Q(tree__header__agreement_code__in=sorted(codes))
        mine |= theirs
    return Entry.objects.filter(mine, holder=user.holder_id)


@rule(Resource.OWN_ENTRY, Entry)
def own_entries(user: User) -> Any:
    """What the user typed in."""
    return Entry.objects.filter(user=user, holder=user.holder_id)


# ---------------------------------------------------------------------------------------------- background jobs
def _covered(user: User, job: Any) -> bool:
    """Whether the rights of this moment cover all that the job reads, as its kind says."""
    try:
        kind = kind_named(job.kind)
    except KeyError:
        return False  # of another version: nobody knows what it read
    return kind.covers(user, job)


@rule(Resource.JOB, Job, whole=_covered, main=True)
def jobs(user: User) -> Any:
    """What the user asked for about holders whose data he still sees, as long as lists show it."""
    over = Q(expires_at__isnull=False, expires_at__lte=clock.now())
    return Job.objects.filter(user=user, holder__in=user.seen_holders()).exclude(over)


# ---------------------------------------------------------------------------------------------- applications
@rule(Resource.LISTED_APPLICATION, Application, by="number", main=True)
def listed_applications(user: User) -> Any:
    """Saved ones of the own holder, all or the own (G-016, G-018), until they leave the list (H-023, H-026)."""
    rows = Application.objects.filter(holder_id=user.holder_id, state__in=LISTED, leaves_on__gt=clock.today())
    if user.application_scope == ApplicationScope.ALL:
        return rows
    return rows.filter(shown_user=user) if user.application_scope == ApplicationScope.OWN else rows.none()


@rule(Resource.APPLICATION, Application, by="token")
def applications(user: User) -> Any:
    """Those, the own drafts, and for who may enter what was saved in this very login (G-020)."""
    mine = Q(pk__in=listed_applications(user).order_by().values("pk"))
    if user.may_enter:
        mine |= Q(state=State.DRAFT, entered_by=user)
        mine |= Q(saved_by=user, session_token=user.session_token) & ~Q(session_token="")
    rows = Application.objects.select_related("holder", "entered_by", "saved_by", "shown_user")
    return rows.filter(mine, holder_id=user.holder_id)


@rule(Resource.COVER, Application, by="number")
def covers(user: User) -> Any:
    """Those of the list, and what the user applied for himself."""
    mine = Q(shown_user=user, state__in=LISTED) | Q(pk__in=listed_applications(user).order_by().values("pk"))
    return Application.objects.select_related("holder").filter(mine, holder_id=user.holder_id)


def _colleague(user: User, login_id: str) -> Any:
    if not _LOGIN_ID.fullmatch(login_id):
        return None
    return colleagues(user).filter(login_id=login_id).first()


@rule(Resource.COLLEAGUE, User, find=_colleague)
def colleagues(user: User) -> Any:
    """Users of the own holder whose ID the list shows (H-012)."""
    shown = listed_applications(user).order_by().values("shown_user")
    return User.objects.filter(holder=user.holder_id, pk__in=shown)


# ---------------------------------------------------------------------------------------------- of the 管理者
def _applicant(user: User, login_id: str) -> Any:
    return applicants(user).filter(login_id=login_id).first() if _LOGIN_ID.fullmatch(login_id) else None


@rule(Resource.APPLICANT, User, find=_applicant, main=True)
def applicants(user: User) -> Any:
    """The 申込者 whom the 管理者 of their holder keeps (G-008)."""
    return _administered(user, User.objects.filter(kind=Kind.APPLICANT))


def _token(user: User, name: str) -> Any:
    return api_tokens(user).filter(pk=int(name)).first() if _NUMBER.fullmatch(name) else None


@rule(Resource.API_TOKEN, ApiToken, find=_token, main=True)
def api_tokens(user: User) -> Any:
    """The APIトークン of the holder, those of the past too."""
    return _administered(user, ApiToken.objects.select_related("user"))


@rule(Resource.ACCOUNT, Account, main=True)
def accounts(user: User) -> Any:
    """The living 口座 of the holder: everybody reads them, the 管理者 changes them (G-008)."""
    return Account.objects.filter(holder=user.holder_id, deleted=False)


@rule(Resource.ACCESS_RECORD, AccessRecord, main=True)
def access_records(user: User) -> Any:
    """アクセス履歴 of all users of the holder."""
    rows = AccessRecord.objects.filter(holder_code=_code(user))
    return rows if user.is_administrator else rows.none()


def _administered(user: User, rows: Any) -> Any:
    return rows.filter(holder=user.holder_id) if user.is_administrator else rows.none()


# ---------------------------------------------------------------------------------------------- concluded data
@rule(Resource.AGREEMENT, Agreement, main=True)
def agreements(user: User) -> Any:
    """特約 of the seen holders (G-014, G-022)."""
    return _agreed(user, Agreement.objects.filter(holder__in=user.seen_holders()), "code")


@rule(Resource.MONTH_FIGURE, MonthFigure, main=True)
def month_figures(user: User) -> Any:
    """Figures of months."""
    return _agreed(user, _of_seen_holders(user, MonthFigure.objects.all()))


@rule(Resource.LIMIT_USE, LimitUse, main=True)
def limit_uses(user: User) -> Any:
    """支払限度額 and what is used of it."""
    return _agreed(user, _of_seen_holders(user, LimitUse.objects.all()))


@rule(Resource.PAPER_CONTRACT, PaperContract, main=True)
def paper_contracts(user: User) -> Any:
    """Contracts on paper (I-005)."""
    return _agreed(user, _of_seen_holders(user, PaperContract.objects.filter(cancelled=False)))


@rule(Resource.LOSS, Loss, main=True)
def losses(user: User) -> Any:
    """Accidents (I-021)."""
    return _agreed(user, _of_seen_holders(user, Loss.objects.filter(cancelled=False)))


def _claims(user: User, name: str) -> Any:
    return claims(user).filter(pk=int(name)).first() if _NUMBER.fullmatch(name) else None


@rule(Resource.CLAIMS, ClaimsFile, find=_claims, main=True)
def claims(user: User) -> Any:
    """Published 債権一覧表 that were not withdrawn (I-023); none where the portal has no such function (I-027)."""
    if not settings.PORTAL.claims_lists:
        return ClaimsFile.objects.none()
    rows = ClaimsFile.objects.filter(published_at__isnull=False, withdrawn_at__isnull=True)
    return _agreed(user, rows.filter(holder__in=user.seen_holders()))


rule(Resource.PROJECT, ClaimsFile, by="project")(claims)
