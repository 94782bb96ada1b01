"""The words of every mail. Texts are not given by the seeds (S-040): procedure, holder, date, link, no insurance data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Subject and body with names in braces; ``{secret}`` stays until the mail is sent."""

    subject: str
    body: str


_TO_PORTAL = "\nWebサービス: {base_url}/\n"
_APPLICATION = (
    "\nWeb申込番号: {number}\n申込種類: {procedure}\nWeb申込日時: {applied}\n"
    "\n申込みの内容: {base_url}{path}\n"
)
_TOKEN = "\n名称: {token_name}（末尾 …{ending}）\n動作するWebユーザー: {acts_as}\n範囲: {scope}\n有効期限: {last_day}\n"
_UNKNOWN = "お心当たりがない場合は、すぐにお問い合わせください。\n"
TEXTS = {
    "address-confirmation": Text(
        "【Webサービス】メールアドレス変更の確認",
        "{holder_name}\n{name} 様\n\n"
        "Webユーザー（管理者）のメールアドレスをこのアドレスに変更する手続きを受け付けました（{at}）。\n"
        "24時間以内に次のURLを開くと、変更が完了します。開かない場合、メールアドレスは変更されません。\n\n"
        "{secret}\n\nお心当たりがない場合は、このメールを破棄してください。\n",
    ),
    "mail-change-asked": Text(
        "【Webサービス】メールアドレス変更の受付のお知らせ",
        "{holder_name}\n{name} 様\n\n"
        "WebユーザーID {login_id} のメールアドレスを {new} に変更する手続きを受け付けました（{at}）。\n"
        "新しいアドレスに届いたURLを開くと、変更が完了します。\n" + _UNKNOWN + _TO_PORTAL,
    ),
    "mail-changed": Text(
        "【Webサービス】メールアドレス変更のお知らせ",
        "{holder_name}\n{name} 様\n\n"
        "WebユーザーID {login_id} のメールアドレスを変更しました（{at}）。\n"
        "このメールは、変更前と変更後のアドレスに送信しています。\n" + _UNKNOWN + _TO_PORTAL,
    ),
    "password-was-changed": Text(
        "【Webサービス】パスワード変更のお知らせ",
        "{holder_name}\n{name} 様\n\nID {login_id} のパスワードを変更しました（{at}）。\n"
        + _UNKNOWN
        + _TO_PORTAL,
    ),
    "password-was-reset": Text(
        "【Webサービス】パスワードが新しくなりました",
        "{holder_name}\n{name} 様\n\n"
        "WebユーザーID {login_id} のパスワードの再発行、またはリセットを行いました（{at}）。これまでのパスワードは使えません。\n"
        "発行済みのAPIトークンはそのまま使えます。不要なものは「APIトークン」の画面で無効にしてください。\n"
        + _UNKNOWN
        + _TO_PORTAL,
    ),
    "id-switched": Text(
        "【Webサービス】使用状態の変更のお知らせ",
        "{holder_name}\n{name} 様\n\nWebユーザーID {login_id} を、{state}状態にしました（{at}）。\n"
        "詳しくは、貴社のWebユーザー（管理者）にお問い合わせください。\n" + _TO_PORTAL,
    ),
    "id-unlocked": Text(
        "【Webサービス】ロック解除のお知らせ",
        "{holder_name}\n{name} 様\n\nID {login_id} のロックを解除しました（{at}）。これまでのパスワードでログインできます。\n"
        + _UNKNOWN
        + _TO_PORTAL,
    ),
    "otp-switched": Text(
        "【Webサービス】ワンタイムパスワード利用の変更のお知らせ",
        "{holder_name}\n{name} 様\n\nワンタイムパスワードの利用を変更しました（{at}）。現在の設定: {setting}\n"
        + _UNKNOWN
        + _TO_PORTAL,
    ),
    "reissue-confirmation": Text(
        "【Webサービス】パスワード再発行の確認",
        "{holder_name}\n{name} 様\n\nWebユーザーID {login_id} のパスワード再発行を受け付けました（{at}）。\n"
        "24時間以内に確認用URLを開いて「再発行を完了する」を押すと、次の新しいパスワードでログインできます。"
        "押すまでは、これまでのパスワードをそのままお使いいただけます。\n\n{secret}\n\n"
        "新しいパスワードでログインすると、パスワードの変更画面が表示されます。\n"
        "お心当たりがない場合は、このメールを破棄してください。パスワードは変わりません。\n",
    ),
    "password-reissued": Text(
        "【Webサービス】パスワード再発行のお知らせ",
        "{holder_name}\n{name} 様\n\nWebユーザーID {login_id} の新しいパスワードをお知らせします（{at}）。\n\n"
        "新しいパスワード: {secret}\n\nログインすると、パスワードの変更画面が表示されます。\n" + _TO_PORTAL,
    ),
    "applicant-registered": Text(
        "【Webサービス】Webユーザー（申込者）登録のお知らせ",
        "{holder_name}\nWebユーザー（管理者） 様\n\nWebユーザー（申込者）を登録しました（{at}）。\n"
        "次のIDと初期パスワードを、ご利用になる方にお伝えください。\n\n"
        "WebユーザーID: {login_id}\n初期パスワード: {secret}\n" + _TO_PORTAL,
    ),
    "applicant-reset": Text(
        "【Webサービス】パスワードリセットのお知らせ",
        "{holder_name}\nWebユーザー（管理者） 様\n\nWebユーザー（申込者）のパスワードをリセットしました（{at}）。\n"
        "次の新しいパスワードを、ご利用になる方にお伝えください。\n\n"
        "WebユーザーID: {login_id}\n新しいパスワード: {secret}\n" + _TO_PORTAL,
    ),
    "one-time-password": Text(
        "【Webサービス】ワンタイムパスワードのお知らせ",
        "{holder_name}\n{name} 様\n\nワンタイムパスワード: {secret}\n\n"
        "{at} に発行しました。発行後{minutes}分間に限り有効です。入力を2回間違えると失効します。\n"
        "お心当たりがない場合は、パスワードを変更してください。\n",
    ),
    "bookmark-rating": Text(
        "【Webサービス】ブックマークバイヤーの格付変更のお知らせ",
        "{holder_name}\n{name} 様\n\nブックマークに登録されている海外商社（バイヤー）の格付が変更されました（{at}）。\n\n"
        "バイヤーコード: {buyer_code}\nバイヤー名称: {buyer_name}\n\n"
        "変更後の格付は、Webサービスの「海外商社情報」でご確認ください。\n" + _TO_PORTAL,
    ),
    "bookmark-removed": Text(
        "【Webサービス】ブックマークバイヤーの名簿削除のお知らせ",
        "{holder_name}\n{name} 様\n\nブックマークに登録されている海外商社（バイヤー）が、"
        "海外商社名簿から削除されました（{at}）。\n\n"
        "バイヤーコード: {buyer_code}\nバイヤー名称: {buyer_name}\n" + _TO_PORTAL,
    ),
    "addresses-changed": Text(
        "【Webサービス】IPアドレス制限の変更のお知らせ",
        "{holder_name}\n{name} 様\n\nIPアドレス制限の設定を変更しました（{at}）。現在の設定: {setting}\n"
        "お心当たりがない場合は、すぐにお問い合わせください。\n" + _TO_PORTAL,
    ),
    "api-token-made": Text(
        "【Webサービス】APIトークン発行のお知らせ",
        "{holder_name}\n{name} 様\n\nAPIトークンを発行しました（{at}）。\n"
        + _TOKEN
        + "\nトークンの文字列は、発行した画面で一度だけ表示されます。このメールには含まれません。\n"
        "お心当たりがない場合は、すぐに「APIトークン」の画面で無効にして、お問い合わせください。\n"
        + _TO_PORTAL,
    ),
    "api-token-withdrawn": Text(
        "【Webサービス】APIトークン無効化のお知らせ",
        "{holder_name}\n{name} 様\n\nAPIトークンを無効にしました（{at}）。\n"
        + _TOKEN
        + "\nこのトークンを使うシステムがある場合は、新しいトークンを発行して設定してください。\n"
        "お心当たりがない場合は、すぐにお問い合わせください。\n" + _TO_PORTAL,
    ),
    "registration-url": Text(
        "【Webサービス】登録用URLと登録用パスワードのお知らせ",
        "保険利用者・Webユーザー登録の手続きを受け付けました（{at}）。まだ登録は終わっていません。\n"
        "次の登録用URLを開き、登録用パスワードを入力して、手続きを進めてください。\n\n"
        "{secret}\n\n"
        "登録用URLの有効期限は、このメールの送信から{days}日間（{until}まで）です。\n"
        "期限を過ぎた場合は、登録用URLの受信（メールアドレス入力）からやり直してください。\n"
        "お心当たりがない場合は、このメールを破棄してください。\n" + _TO_PORTAL,
    ),
    "registration-restart": Text(
        "【Webサービス】利用登録の手続き再開用URLのお知らせ",
        "{holder_name}\n\n利用登録の申込内容（受付番号 {number}）を訂正できるようにしました（{at}）。\n"
        "次の手続き再開用URLを開き、登録用パスワードを入力して、申込情報の入力から手続きを再開してください。\n"
        "前に印刷した申込書は使えません。送信後に、新しい申込書を印刷してください。\n\n"
        "{secret}\n\n手続き再開用URLの有効期限は、このメールの送信から{days}日間（{until}まで）です。\n"
        + _TO_PORTAL,
    ),
    "registration-started": Text(
        "【Webサービス】利用登録の手続開始のお知らせ",
        "{holder_name}\n\n申込書が届き、利用登録の手続き（受付番号 {number}）を開始しました（{at}）。\n"
        "登録完了通知書は、申込書の受領から通常5営業日程度で発送します。\n" + _TO_PORTAL,
    ),
    "registration-completed": Text(
        "【Webサービス】利用登録の手続完了のお知らせ",
        "{holder_name}\n\n利用登録の手続き（受付番号 {number}）が完了しました（{at}）。\n"
        "WebユーザーID（管理者用）と初期パスワードは、「登録完了通知書」を郵送してお知らせします。\n"
        + _TO_PORTAL,
    ),
    "staff-added": Text(
        "【Webサービス】保険者デスク 担当者登録のお知らせ",
        "{name} 様\n\n保険者デスクの担当者として登録しました（{at}）。\n\n"
        "担当者ID: {login_id}\n初期パスワード: {secret}\n\n"
        "ログインすると、パスワードの変更画面が表示されます。\n\n保険者デスク: {base_url}/desk/login/\n",
    ),
    "staff-reset": Text(
        "【Webサービス】保険者デスク パスワードリセットのお知らせ",
        "{name} 様\n\nパスワードをリセットしました（{at}）。\n\n"
        "担当者ID: {login_id}\n新しいパスワード: {secret}\n\n"
        "ログインすると、パスワードの変更画面が表示されます。\n\n保険者デスク: {base_url}/desk/login/\n",
    ),
    "reader-issued": Text(
        "【Webサービス】全社閲覧用ID発行のお知らせ",
        "{holder_name}\n{name} 様\n\n全社閲覧用IDを発行しました（{at}）。\n\n"
        "WebユーザーID: {login_id}\n初期パスワード: {secret}\n\n"
        "ログインすると、パスワードの変更画面が表示されます。\n" + _TO_PORTAL,
    ),
    "application-receipt": Text(
        "【Webサービス】申込受付のお知らせ",
        "{holder_name}\n{name} 様\n\n次の申込みを受け付けました。\n" + _APPLICATION,
    ),
    "application-start": Text(
        "【Webサービス】手続開始のお知らせ",
        "{holder_name}\n{name} 様\n\n次の申込みの手続きを開始しました（{at}）。\n" + _APPLICATION,
    ),
    "application-completion": Text(
        "【Webサービス】手続完了のお知らせ",
        "{holder_name}\n{name} 様\n\n次の申込みの手続きが完了しました（{at}）。\n" + _APPLICATION,
    ),
    "application-again": Text(
        "【Webサービス】再入力のお願い",
        "{holder_name}\n{name} 様\n\n次の申込みの内容を確認し、修正してもう一度申し込んでください（{at}）。\n"
        "理由はWeb申込状況一覧からWeb申込番号を開くと表示されます。\n" + _APPLICATION,
    ),
    "application-cancellation": Text(
        "【Webサービス】手続取消のお知らせ",
        "{holder_name}\n{name} 様\n\n次の申込みの手続きを取り消しました（{at}）。\n"
        "理由はWeb申込状況一覧からWeb申込番号を開くと表示されます。\n" + _APPLICATION,
    ),
    "application-reminder": Text(
        "【Webサービス】別送資料の確認のお願い",
        "{holder_name}\n{name} 様\n\n次の申込みの別送資料の期限を過ぎました。まだ送付していない場合は、送付状を添えて送付してください。\n"
        + _APPLICATION,
    ),
}
