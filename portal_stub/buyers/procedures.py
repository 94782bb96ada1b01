"""海外商社登録, 海外商社変更, スリーピング候補バイヤー解除 as declarations. Seed 000 ch. 7 §3 to §5; K-016 to K-059.

What 手続完了 brings into force here is only what the 海外商社名簿 does not tell: code, name, country and rating of a buyer
come with the next list of the pipeline, also those of a new one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from portal_stub import clock
from portal_stub.accounts.fields import AsciiField, ChoiceRadio, MailField, PhoneField, WideField
from portal_stub.accounts.models import User
from portal_stub.buyers import rules
from portal_stub.buyers.directory import await_buyer, searched
from portal_stub.buyers.documents import REPORT, Rule, needed
from portal_stub.buyers.models import DETAILS, Buyer, Country, Kind, Season
from portal_stub.pages.widgets import LongSelect
from portal_stub.procedures.declaration import (
    ALL_THREE,
    Event,
    Introduction,
    NotEligible,
    Notice,
    Procedure,
    SeparateDocuments,
    Slot,
    Step,
    Subject,
)
from portal_stub.procedures.forms import YES_NO, StepForm, TickField
from portal_stub.procedures.models import Application
from portal_stub.procedures.registry import declare

_CODE = re.compile(r"[0-9]{1,9}")


# ---------------------------------------------------------------------------------------------- items
class EnglishField(AsciiField):
    """Names and addresses in English: printable ASCII with blanks."""

    pattern = re.compile(r"[\x20-\x7e]*")
    hint = "半角英数字・記号"

    def __init__(self, *, example: str, **kwargs: Any) -> None:
        super().__init__(example=example, **kwargs)
        self.fault = f"半角の英数字と記号で入力してください（例: {example}）。"

    def clean(self, value: Any) -> str:
        """With single blanks."""
        return " ".join(super().clean(value).split())


class OverseasPhoneField(PhoneField):
    """A telephone number abroad."""

    pattern = re.compile(r"[0-9+() -]*")
    hint = "半角の数字・+・括弧・ハイフン"
    fault = "半角の数字、+、括弧、ハイフンで入力してください（例: +1-000-000-0000）。"


class UrlField(AsciiField):
    """The address of a web site."""

    def clean(self, value: Any) -> str:
        """As typed; it must begin as addresses do."""
        text = super().clean(value)
        if text and not re.match(r"https?://[^/]", text):
            raise ValidationError(f"{self.label}は http:// または https:// から入力してください。")
        return text


class ContactForm(StepForm):
    """担当者情報 of one application; the user's own data stay what they are (K-019)."""

    contact_name = WideField(
        label="担当者 氏名",
        limit=50,
        explanation="この申込みについての問い合わせ先です。ここで書き換えても、Webユーザーの登録情報は変わりません。",
    )
    contact_department = WideField(label="担当者 所属名", limit=25, required=False)
    contact_phone = PhoneField(label="担当者 電話番号", limit=20, example="03-1234-5678")
    contact_mail = MailField(label="担当者 メールアドレス")


def contact_of(user: User) -> dict[str, str]:
    """What ``ContactForm`` suggests."""
    return {
        "contact_name": user.name,
        "contact_department": user.department,
        "contact_phone": user.phone,
        "contact_mail": user.mail,
    }


class BuyerForm(ContactForm):
    """海外商社 and 担当者情報 (K-018)."""

    country = forms.ChoiceField(
        label="所在国",
        widget=LongSelect,
        error_messages={
            "required": "所在国を選択してください。",
            "invalid_choice": "所在国を一覧から選び直してください。",
        },
    )
    name = EnglishField(label="海外商社名称（英文）", limit=200, example="EXAMPLE TRADING CO., LTD.")
    address = EnglishField(label="住所（英文）", limit=200, example="1 Example Street, Example City")
    phone = OverseasPhoneField(label="電話番号", limit=30, example="+1-000-000-0000", required=False)
    url = UrlField(label="URL", limit=200, example="https://buyer.example", required=False)
    industry = WideField(label="業種", limit=50, example="機械器具卸売業")
    kind = ChoiceRadio(label="企業・公的機関・銀行の区分", choices=Kind.choices)
    field_order: ClassVar = ["country", "name", *DETAILS]

    def prepare(self) -> None:
        """The countries that the portal knows."""
        known = [(country.code, str(country)) for country in Country.objects.exclude(name="")]
        self.fields["country"].choices = [("", "（選択してください）"), *known]


class RegistrationForm(BuyerForm):
    """Step 1 of 海外商社登録."""

    related = ChoiceRadio(
        label="特定資本関係の有無",
        choices=YES_NO,
        explanation="貴社と海外商社との間に、親会社・子会社などの資本関係があるかどうかです。",
    )
    field_order: ClassVar = [*BuyerForm.field_order, "related"]


class ChangeForm(BuyerForm):
    """Step 1 of 海外商社変更: what is in force, to be written over (K-047)."""

    def prepare(self) -> None:
        """What the 名簿 does not hold need not be added."""
        super().prepare()
        for name in DETAILS:
            self.fields[name].required = False
        present = str(self.original.get("country") or "")
        if present and present not in dict(self.fields["country"].choices):
            self.fields["country"].choices.append((present, present))

    def clean(self) -> dict[str, Any]:
        """What stays as it is in force is not judged; a change changes something (K-050)."""
        found = super().clean()
        for name, value in self.original.items():
            if self[name].data == value:
                found[name] = value
                self.errors.pop(name, None)
        if not self.errors and not any(
            (found.get(name) or "") != (value or "") for name, value in self.original.items()
        ):
            raise ValidationError("変更された項目がありません。変更する項目を入力してください。")
        return found


class NothingForm(StepForm):
    """A step that only tells."""


class ReportForm(StepForm):
    """The choice of 信用調査報告書, and what its acquisition needs (K-022 to K-024)."""

    report_own = forms.BooleanField(
        label="「信用調査報告書（信用調書）をお持ちの場合」はこちらをチェックしてください", required=False
    )
    report_order = forms.BooleanField(
        label="「信用調査報告書（信用調書）の取得を保険者に申込む場合」はこちらをチェックしてください",
        required=False,
    )
    report_agency = ChoiceRadio(
        label="取得する調査機関",
        choices=[("insurer", "保険者に任せる"), ("stated", "調査機関を指定する")],
    )
    report_agency_name = WideField(label="指定する調査機関名", limit=50)
    report_department = WideField(label="取得費用の請求先（部署名）", limit=50)
    report_consent = TickField(label="取得にかかる費用を負担することに同意します")
    only_when: ClassVar[Mapping[str, tuple[str, frozenset[str]]]] = {
        "report_agency": ("report_order", frozenset({"yes"})),
        "report_agency_name": ("report_agency", frozenset({"stated"})),
        "report_department": ("report_order", frozenset({"yes"})),
        "report_consent": ("report_order", frozenset({"yes"})),
    }

    def clean(self) -> dict[str, Any]:
        """Exactly one of both (K-022, K-023)."""
        found = super().clean()
        own, order = found.get("report_own"), found.get("report_order")
        if not own and not order:
            self.add_error(
                "report_own", "信用調査報告書をお持ちか、取得を申し込むか、どちらかをチェックしてください。"
            )
        if own and order:
            self.add_error(
                "report_order", "両方はチェックできません。どちらか一方のチェックを外してください。"
            )
        return found

    def shown(self, answers: Mapping[str, Any]) -> list[list[Any]]:
        """The choice in one row instead of two sentences with はい and いいえ."""
        boxes = {str(self.fields[name].label) for name in ("report_own", "report_order")}
        choice = "取得を保険者に申込む" if answers.get("report_order") else "お持ちのものを提出する"
        rows = [row for row in super().shown(answers) if row[0] not in boxes]
        return [["信用調査報告書（信用調書）", choice, False, ""], *rows]


class AttachmentForm(StepForm):
    """別送資料 beside the attached files (K-032, K-033)."""

    separate = ChoiceRadio(
        label="別送資料の有無",
        choices=YES_NO,
        initial="no",
        explanation="ファイルの合計が30MBを超える資料や、電子ファイルでは不鮮明になる資料は、郵送できます。",
    )
    separate_names = WideField(
        label="別送する資料名",
        limit=200,
    )
    only_when: ClassVar[Mapping[str, tuple[str, frozenset[str]]]] = {
        "separate_names": ("separate", frozenset({"yes"}))
    }

    def prepare(self) -> None:
        """How several are written."""
        self.fields["separate_names"].help_text = "複数あるときは「、」で区切ってください。全角200文字以内"


# ---------------------------------------------------------------------------------------------- subjects
def _new(user: User, key: str) -> Subject:
    if key:
        raise NotEligible("海外商社登録は、海外商社を選択せずに始めてください。")
    return Subject("海外商社", prefilled=contact_of(user))


def _listed(user: User, key: str) -> Subject:
    buyer = rules.find(key) if _CODE.fullmatch(key) else None
    if buyer is None or buyer.removed_at:
        raise NotEligible(
            "対象の海外商社は、海外商社名簿に登録されていません。検索画面で選び直してください。"
        )
    return Subject(
        "海外商社",
        facts=[
            ("バイヤーコード", buyer.code),
            ("バイヤー名称", buyer.name),
            ("所在国", str(buyer.country)),
            ("格付", buyer.rating),
        ],
        known=_in_force(buyer),
        prefilled=contact_of(user),
        reference=_in_words(buyer.country, buyer.name),
    )


def _candidate(user: User, key: str) -> Subject:
    subject = _listed(user, key)
    if Season.on(clock.today()) is None:
        raise NotEligible(
            "現在は、スリーピング候補バイヤー解除期間ではありません。期間はお知らせでご案内します。"
        )
    if not rules.find(key).sleeping_candidate:
        raise NotEligible(
            "選択した海外商社はスリーピング候補ではありません。備考欄を確認して、検索画面で選び直してください。"
        )
    return Subject(subject.title, subject.facts, prefilled=subject.prefilled, reference=subject.reference)


def _in_force(buyer: Any) -> dict[str, str]:
    return {
        "country": buyer.country_id,
        "name": buyer.name,
        **{name: getattr(buyer, name) for name in DETAILS},
    }


# ---------------------------------------------------------------------------------------------- documents
def _needed(draft: Application) -> list[Rule]:
    """The documents that step 1 calls for."""
    buyer = rules.find(draft.subject)
    in_force = _in_force(buyer) if buyer is not None else {}
    return needed(draft.procedure, draft.answers.get("entry", {}), in_force)


def _needs_report(draft: Application) -> bool:
    return any(rule.document == REPORT for rule in _needed(draft))


def _report_ordered(application: Application) -> bool:
    """Whether the insurer is to get the 信用調査報告書."""
    return bool(application.all_answers.get("report_order"))


def _needs_no_report(draft: Application) -> bool:
    return not _needs_report(draft)


def _told(draft: Application) -> list[str]:
    """Lines of 必要書類の確認 (K-021)."""
    lines = [
        f"{rule.title}{'（必須）' if rule.required else '（任意）'}{f' {rule.note}' if rule.note else ''}"
        for rule in _needed(draft)
    ]
    return lines or ["入力した内容では、必要な書類はありません。次へ進んでください。"]


def _slots(draft: Application) -> list[Slot]:
    """Fields for the files; what the insurer gets or comes by mail need not be attached."""
    answers = draft.all_answers
    separate = answers.get("separate") == "yes"
    slots = [
        Slot(
            rule.document,
            rule.title,
            rule.required and not separate,
            f"{rule.note}。別送する場合は添付不要です。" if rule.note else "別送する場合は添付不要です。",
        )
        for rule in _needed(draft)
        if not (rule.document == REPORT and answers.get("report_order"))
    ]
    return [*slots, Slot("other", "その他の資料")]


def _separate(application: Application) -> list[str]:
    """Names of what comes by mail."""
    answers = application.all_answers
    if answers.get("separate") != "yes":
        return []
    return [name.strip() for name in str(answers.get("separate_names", "")).split("、") if name.strip()]


_DOCUMENT_STEPS = (
    Step(
        "documents",
        "必要書類の確認",
        NothingForm,
        lead="入力した申込情報にもとづき、次の書類が必要です。",
        onward="必要書類の添付へ",
        asked=_needs_no_report,
        tells=_told,
    ),
    Step(
        "documents-report",
        "必要書類の確認",
        ReportForm,
        lead="入力した申込情報にもとづき、次の書類が必要です。信用調査報告書は、2つのうちどちらかをチェックしてください。",
        onward="必要書類の添付へ",
        asked=_needs_report,
        tells=_told,
    ),
    Step(
        "attachments",
        "必要書類の添付",
        AttachmentForm,
        lead="該当する欄に電子ファイルを添付してください。同じ欄に複数のファイルを添付できます。",
        onward="申込内容の確認へ",
        slots=_slots,
    ),
)
_MAILS = dict.fromkeys((Event.RECEIPT, Event.START, Event.COMPLETION, Event.REMINDER), ALL_THREE)
_SEPARATE = SeparateDocuments(_separate, "海外商社登録係")
_LATER = (
    "引き続き、保険者で手続きを行います。すべての手続きが完了すると、通知書類を"
    "Web申込状況一覧からダウンロードできます。"
)
_FLOW = (
    ("申込情報の入力", "海外商社の情報と、お問い合わせ先になる担当者情報を入力します。"),
    ("必要書類の確認", "入力した内容から、必要な書類が表示されます。"),
    (
        "必要書類の添付",
        "書類の電子ファイルを添付します（合計30MBまで）。添付できない資料は、Web申込日から15日以内に届くように郵送できます。",
    ),
    ("申込内容の確認", "内容を確認し、「申込む」を押します。Web申込番号で手続状況を確認できます。"),
    (
        "手続きの完了",
        "審査が完了するとメールでお知らせします。通知書類をWeb申込状況一覧からダウンロードできます。",
    ),
)


# ---------------------------------------------------------------------------------------------- what comes into force
def _await(application: Application) -> None:
    """A new buyer comes with a 海外商社名簿, under the code that the insurer gives it; its details wait for it."""
    answers = application.answers["entry"]
    await_buyer(str(application.number), answers["country"], answers["name"], answers)


def _change_details(application: Application) -> None:
    """Details that were changed; name and country come with the next 海外商社名簿."""
    answers = application.answers["entry"]
    Buyer.objects.filter(code=application.subject).update(
        **{name: answers.get(name) or "" for name in DETAILS}, updated_at=clock.now()
    )


def _release(application: Application) -> None:
    """The buyer is no スリーピング候補 any more."""
    Buyer.objects.filter(code=application.subject).update(sleeping_candidate=False, updated_at=clock.now())


def _same_name(application: Application) -> Sequence[str]:
    """A word about a buyer of the same name: it may be there already."""
    answers = application.answers.get("entry", {})
    same = Buyer.objects.filter(
        search_name=searched(answers.get("name", "")),
        country_id=answers.get("country", ""),
        removed_at__isnull=True,
    ).first()
    return (
        [f"同じ国に同じ名称の海外商社が登録されています（{same}）。登録が必要か確認してください。"]
        if same
        else []
    )


def _new_buyer(application: Application, subject: Subject) -> str:
    answers = application.answers["entry"]
    return _in_words(Country.objects.filter(code=answers["country"]).first(), answers["name"])


def _in_words(country: Any, name: str) -> str:
    """参考情報: names of country and buyer (H-017)."""
    return f"{country.name or country.code if country else ''} {name}".strip()


def _of_subject(application: Application, subject: Subject) -> str:
    return subject.reference


# ---------------------------------------------------------------------------------------------- declarations
REGISTRATION = declare(
    Procedure(
        key="buyer-registration",
        title="海外商社登録",
        chapter="7章3",
        version=1,
        otp=False,
        introduction=Introduction(
            ["検索の結果、海外商社名簿に登録されていない海外商社（バイヤー）を登録する手続きです。"], _FLOW
        ),
        subject=_new,
        steps=(
            Step("entry", "申込情報の入力", RegistrationForm, onward="必要書類の確認へ"),
            *_DOCUMENT_STEPS,
        ),
        warn=_same_name,
        effect=_await,
        reference=_new_buyer,
        saved_code="2-1",
        applied_code="2-2",
        mails=_MAILS,
        separate=_SEPARATE,
        notice=Notice(
            "海外商社登録手続完了のお知らせ",
            lambda application: [
                "次の申込みについて、海外商社登録の手続きが完了しましたのでお知らせします。"
            ],
        ),
        credit_report=_report_ordered,
        once_more="続けて申込みへ",
        done_words=_LATER,
        back_to="buyers",
    )
)
CHANGE = declare(
    Procedure(
        key="buyer-change",
        title="海外商社変更",
        chapter="7章4",
        version=1,
        otp=False,
        introduction=Introduction(["海外商社名簿に登録されている情報を変更する手続きです。"], _FLOW),
        subject=_listed,
        steps=(
            Step(
                "entry",
                "申込情報の入力",
                ChangeForm,
                lead="変更する項目を書き換えてください。変更した項目はオレンジ色で表示されます。",
                onward="必要書類の確認へ",
            ),
            *_DOCUMENT_STEPS,
        ),
        effect=_change_details,
        reference=_of_subject,
        saved_code="2-1",
        applied_code="2-2",
        mails=_MAILS,
        separate=_SEPARATE,
        notice=Notice(
            "海外商社変更手続完了のお知らせ",
            lambda application: [
                "次の申込みについて、海外商社変更の手続きが完了しましたのでお知らせします。"
            ],
        ),
        credit_report=_report_ordered,
        once_more="続けて申込みへ",
        done_words=_LATER,
        back_to="buyers",
    )
)


class ReleaseForm(ContactForm):
    """Step 1 of スリーピング候補バイヤー解除; the source names no items."""

    reason = ChoiceRadio(
        label="解除の理由",
        choices=[
            ("contract", "保険契約がある、または申込みを予定している"),
            ("trade", "今後1年以内に取引を予定している"),
            ("other", "その他"),
        ],
    )
    reason_words = WideField(label="その他の理由", limit=100)
    only_when: ClassVar[Mapping[str, tuple[str, frozenset[str]]]] = {
        "reason_words": ("reason", frozenset({"other"}))
    }
    field_order: ClassVar = ["reason", "reason_words"]


RELEASE = declare(
    Procedure(
        key="sleeping-release",
        title="スリーピング候補バイヤー解除",
        chapter="7章5",
        version=1,
        otp=False,
        introduction=Introduction(
            [
                "スリーピング候補となっている海外商社（バイヤー）を、引き続き利用できるようにする手続きです。",
                "毎年の受付期間に限り利用できます。",
            ],
            (
                ("解除内容の入力", "解除の理由と、お問い合わせ先になる担当者情報を入力します。"),
                ("申込内容の確認", "内容を確認し、「申込む」を押します。"),
                ("手続きの完了", "解除が反映されると、メールでお知らせします。通知書類はありません。"),
            ),
            onward="解除内容の入力へ",
        ),
        subject=_candidate,
        steps=(Step("entry", "解除内容の入力", ReleaseForm, onward="申込内容の確認へ"),),
        effect=_release,
        reference=_of_subject,
        saved_code="2-3",
        applied_code="2-4",
        mails={Event.COMPLETION: ALL_THREE},
        once_more="続けて申込みへ",
        done_words="引き続き、保険者で手続きを行います。すべての手続きが完了すると、解除が反映されます。",
        back_to="buyers",
    )
)
