"""Every finding (不備・注意) that processing can tell: its code, severity and Japanese sentence with the remedy.

A code is a promise to programs, the sentence a help to people. When a finding fires is a rule in ``pipelines``.
``{…}`` in a sentence is filled by the rule; ``{label}`` is the column's Japanese name and ``{value}`` what was found.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Severity = Literal["error", "warning"]

SCHEMA: dict[str, pl.DataType] = {
    "record": pl.Int64(),
    "line": pl.Int64(),
    "cell": pl.String(),
    "field": pl.String(),
    "code": pl.String(),
    "severity": pl.String(),
    "message": pl.String(),
    "value": pl.String(),
}


@dataclass(frozen=True)
class FindingKind:
    """One kind of finding; ``text`` is the sentence with places to fill."""

    code: str
    severity: Severity
    text: str


def _kinds(*rows: tuple[str, Severity, str]) -> dict[str, FindingKind]:
    return {code: FindingKind(code, severity, text) for code, severity, text in rows}


KINDS: dict[str, FindingKind] = _kinds(
    # --- the file as a table
    (
        "missing-column",
        "error",
        "必須の列「{label}」がありません。見出し行に {name} または {label} の列を加えてください。",
    ),
    ("unknown-column", "warning", "列「{value}」は使われません。見出しの誤りでないか確かめてください。"),
    ("duplicate-column", "error", "列「{label}」が2つ以上あります。1つにしてください。"),
    (
        "field-count",
        "error",
        "項目の数が見出し({expected}個)と合いません({value}個)。区切りのコンマと引用符を確かめてください。",
    ),
    # --- the sheet as it is seen
    (
        "sheet-hidden",
        "warning",
        "非表示のシート「{value}」にデータがありますが、読んだのは表示されているシート「{sheet}」だけです。送るデータが「{value}」にあるときは、再表示して先頭に移してください。",
    ),
    (
        "sheet-not-read",
        "warning",
        "シート「{value}」にもデータがありますが、読んだのはシート「{sheet}」だけです。送るデータは1つのシートにまとめてください。",
    ),
    (
        "merged-cells",
        "error",
        "セル {value} が結合されています。結合を解除し(ホーム→セル結合の解除)、すべてのセルに値を入力してください。",
    ),
    (
        "hidden-row",
        "error",
        "{value}行目は非表示ですがデータがあります。再表示(行を選んで右クリック→再表示、フィルターの解除)して内容を確かめるか、行を削除してください。",
    ),
    (
        "hidden-column",
        "warning",
        "「{label}」の列({value}列)は非表示ですがデータがあります。再表示(列を選んで右クリック→再表示)して内容を確かめてください。",
    ),
    (
        "formula-no-result",
        "error",
        "「{label}」の数式に計算結果が保存されていません。Excelで開いて上書き保存するか、値を入力してください。",
    ),
    (
        "formula-not-calculated",
        "error",
        "「{label}」の数式は開くたびに計算し直されるため、保存されている結果「{value}」が正しいか分かりません。Excelで開いて計算し、コピーして「値の貼り付け」で値に置き換えてください。",
    ),
    (
        "cell-error",
        "error",
        "「{label}」のセルがエラー({value})です。数式を直すか、値を入力してください。",
    ),
    (
        "shown-otherwise",
        "error",
        "「{label}」のセルには「{shown}」と表示されていますが、保存されている値は「{value}」です。表示形式を「標準」にして値を確かめ、違うときは入力し直してください。",
    ),
    (
        "format-unknown",
        "error",
        "「{label}」の値「{value}」が表示形式「{shown}」でどう表示されるか分かりません。表示形式を「標準」または「文字列」にして値を確かめてください。",
    ),
    (
        "shown-short",
        "warning",
        "「{label}」の値「{value}」は、表示形式「標準」では丸めて、または指数で表示されることがあります。表示形式を「数値」にして値を確かめてください。",
    ),
    (
        "column-narrow",
        "warning",
        "「{label}」の列の幅が狭く、値「{value}」などが「####」または短い形で表示されます。列の幅を広げて値を確かめてください。",
    ),
    (
        "conditional-format",
        "error",
        "「{label}」の表示が条件付き書式({value})で変わるため、見えている値が分かりません。条件付き書式の表示形式を解除して値を確かめてください。",
    ),
    (
        "calculation-rest",
        "warning",
        "「{label}」の計算結果「{value}」には計算の端数があります。表示される15桁の「{shown}」として読みました。ROUND関数で丸めてください。",
    ),
    (
        "digits-lost",
        "error",
        "「{label}」の値「{value}」は15桁を超える数値です。Excelは16桁目から0に変えるため、元の値が分かりません。セルの表示形式を「文字列」にしてから入力し直してください。",
    ),
    (
        "number-in-text",
        "warning",
        "「{label}」の値「{value}」が数値として入力されています。先頭の0などが失われていないか確かめ、表示形式を「文字列」にしてから入力し直してください。",
    ),
    (
        "cell-is-date",
        "error",
        "「{label}」のセルが日付({value})になっています。セルの表示形式を「文字列」または「標準」にしてから入力し直してください。",
    ),
    (
        "date-partly-shown",
        "warning",
        "「{label}」は日付の一部だけが表示されています。{value} と読みました。表示形式を年月日にして確かめてください。",
    ),
    (
        "time-dropped",
        "warning",
        "「{label}」の日付には表示されていない時刻があります。日付の {value} だけを読みました。時刻を除いて入力し直してください。",
    ),
    (
        "untitled-value",
        "error",
        '見出しのない{name}に値「{value}」があります。コンマを含む値を引用符(")で囲むか、列に見出しを付けるか、値を消してください。',
    ),
    # --- one cell
    ("mandatory", "error", "「{label}」は必須です。値を入力してください。"),
    (
        "invalid-code",
        "error",
        "「{label}」の値「{value}」は{length}桁の数字ではありません。半角数字{length}桁で入力してください。",
    ),
    (
        "invalid-character",
        "error",
        "「{label}」の値「{value}」に使えない文字{found}があります。{remedy}入力し直してください。",
    ),
    (
        "exponent-number",
        "error",
        "「{label}」の値「{value}」は、表計算ソフトが指数の形に変えた番号です。もとの桁が失われています。列の表示形式を「文字列」にして番号を入力し直してください。",
    ),
    (
        "lost-zero",
        "error",
        "「{label}」の値「{value}」は、先頭の0が失われたHSコードです(桁数は2・4・6桁)。列の表示形式を「文字列」にして、先頭の0から入力し直してください。",
    ),
    ("too-long", "error", "「{label}」は{length}文字以内で入力してください(現在{found}文字)。"),
    (
        "invalid-date",
        "error",
        "「{label}」の値「{value}」は暦にある日付ではありません。YYYYMMDD の形で入力してください。",
    ),
    (
        "invalid-month",
        "error",
        "「{label}」の値「{value}」は年月ではありません。YYYYMM の形で入力してください。",
    ),
    (
        "invalid-amount",
        "error",
        "「{label}」の値「{value}」は金額ではありません。整数部13桁・小数部2桁以内、コンマは3桁区切りで入力してください。",
    ),
    (
        "invalid-number",
        "error",
        "「{label}」の値「{value}」は{length}桁以内の整数ではありません。半角数字で入力してください。",
    ),
    ("invalid-flag", "error", "「{label}」の値「{value}」は使えません。0、1または空欄にしてください。"),
    (
        "invalid-currency",
        "error",
        "「{label}」の値「{value}」は英大文字3字の通貨コード(ISO 4217)ではありません。JPY、USD のように入力してください。",
    ),
    (
        "code-unknown",
        "error",
        "「{label}」の値「{value}」はコード表にありません。コードを確かめてください。",
    ),
    ("yen-decimals", "error", "円建ての「{label}」に小数「{value}」は使えません。整数で入力してください。"),
    (
        "process-type",
        "error",
        "処理種別「{value}」は使えません。1:新規、2:変更、3:訂正内変、4:修正、5:取消のいずれかにしてください。",
    ),
    # --- the application
    (
        "number-not-allowed",
        "error",
        "新規では「{label}」は空欄にしてください。番号は受理後に付けられます。契約の増額は、元の申込番号と変更事由01を入力してください。",
    ),
    (
        "inconsistent",
        "error",
        "「{label}」が同じ{unit}の前の行(レコード{first})と違います。同じ{unit}では同じ値にしてください。",
    ),
    (
        "duplicate-line",
        "error",
        "枝番・船積No.・決済No.の組がレコード{first}と重なっています。番号を分けてください。",
    ),
    ("branch-missing", "error", "同じ輸出契約に枝番が複数あります。すべての行に枝番を入力してください。"),
    (
        "already-insured",
        "error",
        "この輸出契約は申込番号 {number} で付保済みです。変更は処理種別2~4で申し込んでください。",
    ),
    (
        "similar-contract",
        "warning",
        "「{label}」の値「{value}」は、{other}と同じ契約ではありませんか。全角・半角、ハイフン、空白、大文字・小文字だけが違います。同じ契約なら、この申込みを取りやめるか番号を揃えてください。",
    ),
    # --- changes of what is insured
    (
        "application-unknown",
        "error",
        "番号 {number} の申込み・通知はありません。番号と枝番を確かめてください。",
    ),
    (
        "application-other-product",
        "error",
        "番号 {number} は{product}のものではありません。保険種と番号を確かめてください。",
    ),
    (
        "application-other-agreement",
        "error",
        "番号 {number} の特約コードは {agreement} です(入力は「{value}」)。特約コードを確かめてください。",
    ),
    (
        "application-withdrawn",
        "error",
        "番号 {number} は取り消されています。改めて新規(処理種別1)で申し込んでください。",
    ),
    (
        "left-ledger",
        "error",
        "番号 {number} は内容変更等通知期限後の変更により証券型へ移っています。証券型の手続きで変更してください。",
    ),
    (
        "not-yet-confirmed",
        "error",
        "番号 {number}(現在の履歴 {history})は確定前です。誤りの訂正は修正(処理種別4)、取りやめは取消(5)で送ってください。",
    ),
    (
        "already-confirmed",
        "error",
        "番号 {number} の現在の履歴 {history} は確定済みです。契約の変更は変更(処理種別2)、誤りの訂正は訂正内変(3)で送ってください。",
    ),
    (
        "correction-closed",
        "error",
        "番号 {number}(現在の履歴 {history})の修正・取消は {day} の受理分で締め切りました。確定後に変更(処理種別2)または訂正内変(3)で送ってください。",
    ),
    (
        "stale-history",
        "error",
        "履歴「{value}」は番号 {number} の最新ではありません。現在の履歴は {history} です。最新の内容を確かめて送り直してください。",
    ),
    (
        "history-full",
        "error",
        "番号 {number} の履歴は {history} で上限に達しています。担当窓口に連絡してください。",
    ),
    (
        "nothing-changed",
        "error",
        "変更する項目がありません。変わる項目に値を入力してください(消す項目は「-」)。",
    ),
    (
        "change-before-contract",
        "error",
        "「{label}」{value} が輸出契約等締結日 {other} より前です。日付を確かめてください。",
    ),
    (
        "old-contract",
        "error",
        "2014年10月1日より前に付保された契約は内容変更通知の対象外です。内容変更承認申請の手続きをしてください。",
    ),
    (
        "increase-needs-branch",
        "error",
        "増額新規(変更事由01)は、元の申込番号を入れた新規(処理種別1)の新しい枝として、全項目を入力してください。",
    ),
    (
        "increase-other-contract",
        "error",
        "増額新規の輸出契約等番号「{value}」が番号 {number} の契約「{contract}」と違います。同じ契約の番号を入力してください。",
    ),
    (
        "branch-taken",
        "error",
        "番号 {number} には枝番 {value} があります。空欄にするか、別の枝番にしてください。",
    ),
    (
        "branch-split",
        "error",
        "元枝番による分割は受け付けていません。船積・決済の情報処理種別(1:追加、2:変更、5:削除)で、変わる船積・決済だけを入力してください。",
    ),
    (
        "flag-missing",
        "error",
        "船積・決済の項目を変えるときは「{label}」に 1:追加、2:変更、5:削除 のいずれかを入力してください。",
    ),
    (
        "line-exists",
        "error",
        "番号 {number} には {place} があります。変更は2、追加は別の番号にしてください。",
    ),
    (
        "line-unknown",
        "error",
        "番号 {number} に {place} はありません。番号を確かめるか、追加なら情報処理種別を1にしてください。",
    ),
    (
        "all-removed",
        "error",
        "すべての船積を削除することはできません。契約の解除は、変更事由02で金額をすべて0にしてください。",
    ),
    (
        "not-substantial",
        "warning",
        "重大な内容変更に該当しません。通知の義務はありませんが、受け付けました。",
    ),
    (
        "late-change",
        "warning",
        "期限経過: 重大な内容変更の通知期限 {deadline} を過ぎています(受理日 {day})。担当者が受付の可否を決めるまで、ファイル全体を保留します。",
    ),
    (
        "after-notice-limit",
        "warning",
        "期限経過: 内容変更等通知期限 {deadline} を過ぎています(受理日 {day})。担当者の承認があるまで、ファイル全体を保留します。承認されても期限の翌日から受理日までの損失はてん補されず、台帳の案件は証券型に移ります。",
    ),
    # --- who and under which agreement
    (
        "holder-unknown",
        "error",
        "保険利用者コード「{value}」は登録されていません。コードを確かめてください。",
    ),
    (
        "holder-not-yours",
        "error",
        "保険利用者コード「{value}」の申込みは、本人または所属の組合からだけ送れます。コードを確かめてください。",
    ),
    ("agreement-unknown", "error", "特約コード「{value}」は登録されていません。コードを確かめてください。"),
    (
        "agreement-not-in-force",
        "error",
        "特約コード「{value}」は受理日 {day} に有効な期間がありません。特約期間を確かめてください。",
    ),
    (
        "agreement-other-holder",
        "error",
        "特約コード「{value}」はこの保険利用者のものではありません。コードを確かめてください。",
    ),
    (
        "agreement-other-product",
        "error",
        "特約コード「{value}」は{product}の特約ではありません。保険種とコードを確かめてください。",
    ),
    (
        "option-not-agreed",
        "error",
        "「{label}」は特約で選ばれていません。特約のオプションを確かめるか、空欄にしてください。",
    ),
    # --- buyers and countries
    (
        "buyer-unregistered",
        "error",
        "「{label}」のバイヤー {value} は海外商社名簿に登録されていません。先に海外商社登録をしてください。",
    ),
    (
        "buyer-refused",
        "error",
        "支払人 {value} は{rating}格(B)のため引き受けられません。この取引を除いてください。",
    ),
    (
        "rating-unknown",
        "error",
        "バイヤー {value} の格付「{rating}」は格付表にありません。担当窓口に連絡してください。",
    ),
    (
        "buyer-not-under-agreement",
        "error",
        "「{label}」のバイヤー {value} は特約 {agreement} に登録されていません。先に特約へのバイヤー登録をしてください。",
    ),
    (
        "limit-missing",
        "error",
        "支払人 {value}({rating}格)に支払限度額が設定されていません。先に限度額を設定してください。",
    ),
    (
        "buyer-excluded",
        "error",
        "付保除外: 支払人 {value} は特約 {agreement} で付保の対象から除かれています。通知から除いてください。",
    ),
    (
        "limit-near",
        "warning",
        "支払人 {value} の付保残高が支払限度額の8割に達します(残高 {used}円、限度額 {limit}円)。今後の取引に備え、限度額を確かめてください。",
    ),
    (
        "limit-exceeded",
        "warning",
        "支払人 {value} の付保残高が支払限度額を超えます(残高 {used}円、限度額 {limit}円)。限度額を超える損失には保険金が支払われません。増額できるか担当窓口に確認してください。",
    ),
    (
        "registered-late",
        "warning",
        "バイヤー {value} の登録日 {day} が船積年月の前月末より後です。担当窓口に確認してください。",
    ),
    (
        "category-missing",
        "error",
        "「{label}」{value} に国カテゴリーが設定されていません。担当窓口に連絡してください。",
    ),
    # --- dates and deadlines
    ("date-future", "error", "「{label}」{value} が申込日より後です。日付を確かめてください。"),
    (
        "shipment-before-contract",
        "error",
        "「{label}」{value} が契約締結日 {other} より前です。日付を確かめてください。",
    ),
    ("due-before-start", "error", "「{label}」{value} が起算日 {other} より前です。日付を確かめてください。"),
    (
        "shipped-before-acceptance",
        "warning",
        "最終船積期日 {value} が受理日 {day} より前です。保険責任は受理日から始まります。",
    ),
    (
        "late-application",
        "warning",
        "期限経過: 申込期限 {deadline}(契約締結日の翌月末)を過ぎています(受理日 {day})。担当者が受付の可否を決めるまで、ファイル全体を保留します。",
    ),
    (
        "late-notice",
        "warning",
        "通知期限 {deadline}(船積月の翌月末)を過ぎています。受理日 {day} より前の損失はてん補されないことがあります。",
    ),
    ("month-future", "error", "船積年月 {value} が受理月より後です。船積み後に通知してください。"),
    (
        "contract-before-policy",
        "error",
        "輸出契約締結日 {value} が包括保険契約の締結日 {other} より前です。対象外の取引ですので、通知から除いてください。",
    ),
    (
        "shipment-outside-month",
        "error",
        "船積日 {value} が船積年月 {other} と合いません。月ごとに分けて通知してください。",
    ),
    # --- scope
    (
        "settlement-2-years",
        "error",
        "起算日から決済まで2年以上の取引は対象外です({label} {value})。申込みから除いてください。",
    ),
    (
        "settlement-1-year",
        "error",
        "{rating}格の支払人では、L/C決済でなければ決済は1年以内に限ります({label} {value})。決済条件を確かめるか、申込みから除いてください。",
    ),
    (
        "shipment-1-year",
        "error",
        "契約締結から船積みまで1年を超える取引は対象外です(船積日 {value})。通知から除いてください。",
    ),
    (
        "service-included",
        "error",
        "技術提供(役務)を含む契約は簡易通知型包括保険の対象外です。通知から除いてください。",
    ),
    (
        "service-largest",
        "error",
        "役務の割合が最も大きい契約は対象外です(役務対価額 {value})。申込みから除いてください。",
    ),
    (
        "brokered-option",
        "error",
        "仲介貨物だけの契約(100%仲介貿易)は、特約のオプションがある場合に限り対象です。特約を確かめてください。",
    ),
    (
        "goods-excluded",
        "error",
        "貨物コード {value} は{product}の対象外の貨物(繊維品)です。申込みから除いてください。",
    ),
    (
        "subsidiary-excluded",
        "error",
        "付保除外: 特約で除外された国カテゴリー({value})の子会社等向け取引です。申込みから除いてください。",
    ),
    (
        "policy-type",
        "error",
        "証券型の要件(該当事項 {value})に当たるため台帳では申し込めません。証券型の申込みをしてください。",
    ),
    ("disclosure", "warning", "告知事項 {value} に該当します。別途、告知書を提出してください。"),
    ("refused-by-desk", "error", "保留の後、担当者の判断で受け付けられませんでした。理由: {reason}"),
    # --- money and cover
    (
        "amount-too-large",
        "error",
        "「{label}」の円換算額が上限 9,999,999,999,999円を超えます。金額を確かめてください。",
    ),
    (
        "rate-too-large",
        "error",
        "料率が上限 99.999% を超えます({value})。船積期日とユーザンスを確かめてください。",
    ),
    (
        "no-rate",
        "error",
        "{danger}の料率がありません(国カテゴリー {category}、格付 {rating})。担当窓口に連絡してください。",
    ),
    (
        "no-exchange-rate",
        "error",
        "通貨 {value} の {day} 時点の換算率がありません。担当窓口に連絡してください。",
    ),
    ("not-covered", "warning", "{danger}はてん補されません。{rule}。保険金額・保険料は0円です。"),
    (
        "lc-receipt-unknown",
        "warning",
        "L/C受領日が空欄です。受領済みなら日付を入力してください。信用危険はL/C受領日以降に限りてん補されます。",
    ),
    (
        "below-floor",
        "warning",
        "契約金額 {value}円は裾切金額 {floor}円未満です。付保義務の対象外ですが受け付けます。",
    ),
)
"""Every kind of finding by its code."""

UNSEEN = frozenset(
    {
        *("formula-no-result", "formula-not-calculated", "cell-error", "shown-otherwise", "format-unknown"),
        *("digits-lost", "cell-is-date"),
    }
)
"""Errors of a cell whose value is not what its sender sees: judging it further would only confuse."""
NEEDS_DECISION = frozenset({"late-application", "late-change", "after-notice-limit"})
"""Codes that hold the whole submission until somebody decides (contract §7; A-043, A-050)."""


_EMPTY = pl.DataFrame(schema=SCHEMA)


def empty() -> pl.DataFrame:
    """A findings frame without rows."""
    return _EMPTY.clone()
