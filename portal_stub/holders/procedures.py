"""保険利用者情報変更, 口座登録, 口座情報変更, 口座情報削除 as declarations. Seed 003 ch. 3 §4-8 to §4-11; G-072 to G-095."""

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError

from portal_stub import clock
from portal_stub.access import Access
from portal_stub.accounts.fields import (
    AsciiField,
    ChoiceRadio,
    PhoneField,
    PostalCodeField,
    WideField,
    number_of,
)
from portal_stub.accounts.models import Holder, User
from portal_stub.holders.models import Account, Branch, Deposit, Use
from portal_stub.procedures.declaration import (
    Agreement,
    Event,
    Introduction,
    Link,
    NotEligible,
    Procedure,
    Role,
    Step,
    Subject,
)
from portal_stub.procedures.forms import Chooser, ChosenField, DayField, StepForm
from portal_stub.procedures.models import CLOSED, Application, State
from portal_stub.procedures.registry import declare
from portal_stub.visibility.judging import seen
from portal_stub.visibility.resources import Resource

_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
_BRANCH_LACKS = ("registered_address", "representative_title", "representative_name")
"""What the 支店 version does not have (G-039)."""


# ---------------------------------------------------------------------------------------------- 保険利用者情報変更
class HolderForm(StepForm):
    """Table G-T2."""

    wanted_from = DayField(
        label="変更適用希望日",
        required=False,
        earliest=clock.today,
        latest=lambda: clock.today() + timedelta(days=365),
        explanation="変更を適用したい日です。入力がない場合は、手続きが完了した日から適用します。",
    )
    name = WideField(label="保険利用者名 漢字", limit=50)
    name_kana = WideField(label="保険利用者名 カナ", limit=60)
    postal_code = PostalCodeField(label="郵便番号")
    address = WideField(label="所在地", limit=55)
    phone = PhoneField(label="代表電話番号", limit=20)
    registered_address = WideField(label="登記所在地", limit=60)
    representative_title = WideField(label="代表者 役職名", limit=15)
    representative_name = WideField(label="代表者 氏名", limit=15)
    homepage = AsciiField(label="ホームページアドレス", limit=90, required=False)

    def prepare(self) -> None:
        """A 支店 has fewer items."""
        if self.draft.holder.is_branch:
            for name in _BRANCH_LACKS:
                del self.fields[name]


_HOLDER_ITEMS = tuple(name for name in HolderForm.base_fields if name != "wanted_from")


def _holder(user: User, key: str) -> Subject:
    if key:
        raise NotEligible("この手続きの対象を選び直してください。")
    holder: Any = user.holder
    names = [name for name in _HOLDER_ITEMS if not (holder.is_branch and name in _BRANCH_LACKS)]
    return Subject(
        "保険利用者情報",
        facts=[
            ("保険利用者コード", holder.code),
            *((str(HolderForm.base_fields[name].label), getattr(holder, name)) for name in names),
        ],
        known={name: getattr(holder, name) for name in names},
        reference=holder.name,
    )


def _something_changed(draft: Application) -> Sequence[str]:
    known = _holder(draft.saved_by, "").known
    answers = draft.answers.get("entry", {})
    if any((answers.get(name) or "") != (value or "") for name, value in known.items()):
        return ()
    return ("変更された項目がありません。変更する項目を入力してください。",)


def _change_holder(application: Application) -> None:
    answers = application.answers["entry"]
    names = [name for name in _HOLDER_ITEMS if name in answers]
    Holder.objects.filter(pk=application.holder_id).update(**{name: answers[name] for name in names})


HOLDER_CHANGE = declare(
    Procedure(
        key="holder-change",
        title="保険利用者情報変更",
        chapter="3章4-8",
        version=1,
        access=Access.ADMINISTRATOR,
        introduction=Introduction(
            lead=["現在の登録内容です。変更する場合は「変更する」ボタンを押してください。"],
            flow=[],
            onward="変更する",
        ),
        subject=_holder,
        steps=(
            Step(
                "entry",
                "変更内容の入力",
                HolderForm,
                lead="変更する項目を入力してください。変更した項目はオレンジ色で表示されます。",
                onward="変更内容の確認へ",
            ),
        ),
        judge=_something_changed,
        reference=lambda draft, subject: str(draft.answers["entry"]["name"]),
        mails={Event.RECEIPT: _ADMINISTRATOR, Event.COMPLETION: _ADMINISTRATOR},
        effect=_change_holder,
        done_words="変更は、保険者の手続きが完了すると適用されます。",
        check_links=(Link("保険利用者情報の詳細へ", "holder"),),
        done_links=(Link("保険利用者情報の詳細へ", "holder"),),
    )
)


# ---------------------------------------------------------------------------------------------- 口座
class KanaField(AsciiField):
    """口座名義人カナ: half-width kana as banks use it; full-width kana is taken as meant."""

    hint = "半角カナ"

    def clean(self, value: Any) -> str:
        """The text as it is kept."""
        text = half_kana(str(value or "").strip())
        if not text and self.required:
            raise ValidationError(self.error_messages["required"])
        if any(character not in _BANK_CHARACTERS for character in text):
            raise ValidationError(
                f"{self.label}はカナ（英数字、空白、記号 ( ) . - / , も可）で入力してください。"
            )
        if len(text) > self.limit:
            raise ValidationError(
                f"{self.label}は{self.limit}文字以内で入力してください（入力された文字数: {len(text)}）。"
            )
        return text


_WIDE = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー゛゜"
_HALF = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰﾞﾟ"
_TO_HALF = str.maketrans(_WIDE + "\u3099\u309a", _HALF + "ﾞﾟ")
_BANK_CHARACTERS = frozenset(_HALF + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()./-, ")


def half_kana(text: str) -> str:
    """Kana of any width as half-width kana, letters as half-width capitals."""
    wide = unicodedata.normalize("NFKC", text).upper()
    return unicodedata.normalize("NFD", wide).translate(_TO_HALF)


def _branches(draft: Application, words: str) -> list[tuple[str, list[str]]]:
    rows = Branch.objects.all()
    for word in words.split():
        rows = (
            rows.filter(bank_code=word)
            if word.isdigit() and len(word) == 4
            else (
                rows.filter(code=word)
                if word.isdigit()
                else rows.filter(bank_name__icontains=word) | rows.filter(name__icontains=word)
            )
        )
    return [
        (f"{row.bank_code}-{row.code}", [row.bank_code, row.bank_name, row.code, row.name])
        for row in rows[: Chooser.MOST]
    ]


def _branch(draft: Application, value: str) -> str | None:
    bank, _, code = value.partition("-")
    row = Branch.objects.filter(bank_code=bank, code=code).first()
    return None if row is None else str(row)


BRANCHES = Chooser(
    title="取引先金融機関・支店の選択",
    headings=["金融機関コード", "金融機関名", "支店コード", "支店名"],
    search=_branches,
    find=_branch,
    hint="金融機関名・支店名の一部、またはコード（金融機関4桁、支店3桁）。空白で区切ると絞り込めます。",
    note="一覧にない場合は、お手数ですが保険者へお問い合わせください。",
)


class AccountForm(StepForm):
    """The items of a 口座 (G-036, G-094)."""

    use = ChoiceRadio(
        label="利用区分",
        choices=Use.choices,
        explanation="1つの口座を保険料返還と保険金請求の両方に使う場合は、利用区分を変えて2回登録してください。",
    )
    branch = ChosenField(label="取引先金融機関・取引先支店", chooser=BRANCHES, help_text=BRANCHES.note)
    deposit = ChoiceRadio(label="預金種別", choices=Deposit.choices)
    number = AsciiField(label="口座番号", limit=7, help_text="半角数字7桁")
    owner = WideField(label="口座名義人", limit=50)
    owner_kana = KanaField(label="口座名義人カナ", limit=60)

    def clean_number(self) -> str:
        """Seven digits."""
        number = str(self.cleaned_data["number"])
        if not (number.isdigit() and len(number) == 7):
            raise ValidationError(
                "口座番号は半角数字7桁で入力してください（桁が足りない場合は先頭に0を付けます）。"
            )
        return number


def _account(user: User, key: str) -> Subject:
    row = seen(Resource.ACCOUNT, user).filter(pk=number_of(key) or 0)
    found = row.first()
    if found is None:
        raise NotEligible("口座を「選択」欄で1つ選んでから、ボタンを押してください。")
    return Subject(
        "口座情報",
        facts=[
            ("利用区分", found.get_use_display()),
            ("取引先金融機関", f"{found.bank_code} {found.bank_name}"),
            ("取引先支店", f"{found.branch_code} {found.branch_name}"),
            ("預金種別", found.get_deposit_display()),
            ("口座番号", found.number),
            ("口座名義人", found.owner),
            ("口座名義人カナ", found.owner_kana),
        ],
        known={
            "use": found.use,
            "branch": f"{found.bank_code}-{found.branch_code}",
            "deposit": found.deposit,
            "number": found.number,
            "owner": found.owner,
            "owner_kana": found.owner_kana,
        },
        reference=found.get_use_display(),
    )


def _values(application: Application) -> dict[str, Any]:
    answers = dict(application.answers["entry"])
    bank, _, code = answers.pop("branch").partition("-")
    branch = Branch.objects.get(bank_code=bank, code=code)
    return {
        **answers,
        "bank_code": branch.bank_code,
        "bank_name": branch.bank_name,
        "branch_code": branch.code,
        "branch_name": branch.name,
        "confirmed_on": clock.today(),
    }


def _twice(draft: Application) -> Sequence[str]:
    """An account stands once per use; a change must change something."""
    answers = draft.answers.get("entry", {})
    bank, _, code = str(answers.get("branch", "")).partition("-")
    same = Account.objects.filter(
        holder=draft.holder,
        deleted=False,
        use=answers.get("use"),
        bank_code=bank,
        branch_code=code,
        deposit=answers.get("deposit"),
        number=answers.get("number"),
    )
    if draft.subject:
        known = _account(draft.saved_by, draft.subject).known
        if all(answers.get(name) == value for name, value in known.items()):
            return ("変更された項目がありません。変更する項目を入力してください。",)
        same = same.exclude(pk=int(draft.subject))
    if same.exists():
        return ("この口座は、同じ利用区分ですでに登録されています。利用区分か口座番号を確認してください。",)
    return ()


def _open_procedures(draft: Application) -> Sequence[str]:
    """G-092, G-093: transfers fail when an open procedure names the account; the open ones are listed."""
    words = ["ほかの手続き中の申込みで指定している口座を変更・削除すると、お振込みができなくなります。"]
    others = (
        Application.objects.filter(holder=draft.holder)
        .exclude(state__in=[*CLOSED, State.DRAFT])
        .exclude(pk=draft.pk)
        .order_by("-listed_at")
    )
    numbers = [str(number) for number in others.values_list("number", flat=True)[:20]]
    if numbers:
        words.append(f"手続きの途中の申込み: {'、'.join(numbers)}")
    return words


def _register_account(application: Application) -> None:
    Account.objects.create(holder=application.holder, **_values(application))


def _change_account(application: Application) -> None:
    Account.objects.filter(pk=application.subject, holder=application.holder).update(**_values(application))


def _delete_account(application: Application) -> None:
    Account.objects.filter(pk=application.subject, holder=application.holder).update(deleted=True)


def _use_of(draft: Application, subject: Subject) -> str:
    use = draft.answers.get("entry", {}).get("use")
    return str(Use(use).label) if use else subject.reference


_LINKS = (Link("口座情報一覧へ", "accounts-change"),)
_ENTRY = Step("entry", "申込情報の入力", AccountForm, onward="申込内容の確認へ")


def _account_procedure(key: str, title: str, chapter: str, **more: Any) -> Procedure:
    return declare(
        Procedure(
            key=key,
            title=title,
            chapter=chapter,
            version=1,
            access=Access.ADMINISTRATOR,
            at_once=True,
            reference=_use_of,
            mails={Event.COMPLETION: _ADMINISTRATOR},
            done_words="口座情報が更新されました。",
            done_links=_LINKS,
            back_to="accounts-change",
            **more,
        )
    )


REGISTRATION = _account_procedure(
    "account-registration", "口座登録", "3章4-9", steps=(_ENTRY,), judge=_twice, effect=_register_account
)
CHANGE = _account_procedure(
    "account-change",
    "口座情報変更",
    "3章4-10",
    steps=(_ENTRY,),
    subject=_account,
    judge=_twice,
    warn=_open_procedures,
    agreements=(Agreement("seen", "変更する口座情報について確認しました"),),
    effect=_change_account,
)
DELETION = _account_procedure(
    "account-deletion",
    "口座情報削除",
    "3章4-11",
    steps=(),
    subject=_account,
    warn=_open_procedures,
    agreements=(Agreement("seen", "削除する口座情報について確認しました"),),
    effect=_delete_account,
)
