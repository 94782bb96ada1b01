"""What registration prints: 登録申込書 and 登録完了通知書. Seed 001 ch. 2 §2⑬⑭; F-043 to F-045, F-049, S-042.

Pure: the row and the instant come in, bytes go out. Nothing is stored.
"""

from datetime import datetime

from django.conf import settings

from outputs.formats import day_long
from outputs.letters import letter
from portal_stub import clock
from portal_stub.accounts.models import User
from portal_stub.registration.forms import FORMS
from portal_stub.registration.models import Kind, Registration

ISSUER = "貿易保険Webサービス"


def application_form(registration: Registration) -> bytes:
    """The 申込書 with the sent data, to be sealed and posted; the same bytes each time it is printed.

    Raises:
        ValueError: the application was not sent.
    """
    until = registration.form_valid_until
    if until is None:
        raise ValueError(registration.number)
    sent_at = registration.sent_at.astimezone(clock.now().tzinfo)
    kind = Kind(registration.kind)
    title = "Webユーザー登録申込書" if kind is Kind.WEB_USER else kind.label.replace("登録（", "登録申込書（")
    return letter(
        title,
        created_at=sent_at,
        reference=[
            ("受付番号", registration.number),
            ("申込情報の送信日時", f"{sent_at:%Y/%m/%d %H:%M}"),
            ("申込書の有効期限", day_long(until)),
        ],
        addressee=["保険者　御中"],
        paragraphs=[
            f"Webサービス利用規約（{registration.terms_edition}版）に同意のうえ、次のとおり申し込みます。"
        ],
        sections=FORMS[kind].told(registration.answers),
        sign_box=True,
        notes=[
            "商業・法人登記所に届け出た代表者印を捺印のうえ、有効期限までに届くように郵送してください。",
            "この申込書が到着してから、登録の手続きを開始します。",
            "印字された内容に訂正があるときは、書き込まずにお問い合わせください。手続き再開用のURLをメールでお送りします。",
        ],
        footer=f"{ISSUER}　受付番号 {registration.number}",
    )


def completion_notice(registration: Registration, administrator: User, password: str, at: datetime) -> bytes:
    """The 登録完了通知書 with ID and first password; sent by post only."""
    holder = registration.holder
    person = "　".join(word for word in (administrator.department, administrator.name) if word)
    place = [f"〒{holder.postal_code}", holder.address] if holder.address else []
    return letter(
        "登録完了通知書",
        created_at=at,
        reference=[("受付番号", registration.number), ("登録日", day_long(at.date()))],
        addressee=[*place, holder.name, f"{person}　様"],
        paragraphs=["お申し込みいただいた登録の手続きが完了しました。ログインに必要な情報をお知らせします。"],
        sections=[
            (
                "登録の内容",
                [
                    ("申込種類", Kind(registration.kind).label),
                    ("保険利用者コード", holder.code),
                    ("保険利用者名", holder.name),
                ],
            ),
            (
                "Webサービスの初期設定情報",
                [
                    ("WebユーザーID（管理者用）", administrator.login_id),
                    ("初期パスワード", password),
                    ("ワンタイムパスワード", "利用する" if holder.otp_required else "利用しない"),
                    ("Webサービス", f"{settings.PORTAL.base_url}/"),
                ],
            ),
        ],
        notes=[
            "はじめてログインすると「パスワード変更」画面が開きます。新しいパスワードに変更すると、Webサービスを利用できます。",
            "初期パスワードは、大文字と小文字を区別して入力してください。",
            "この通知書は、ご本人以外の目に触れないように保管し、パスワードの変更後は破棄してください。",
        ],
        footer=ISSUER,
    )
