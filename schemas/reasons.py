"""Why something failed, in Japanese: what the system, TOML, CSV and argument parsers say in English is never passed on.

The English text stays in the exception and in the operator's ``faults.log``. What users are told about uploads is
``findings`` and ``pipelines.reading``.
"""

import errno
import re

_BY_NUMBER = {
    errno.ENOENT: "見つかりません",
    errno.EACCES: "権限がありません",
    errno.EPERM: "権限がありません",
    errno.EISDIR: "フォルダです",
    errno.ENOTDIR: "途中の名前がフォルダではありません",
    errno.ENOSPC: "ディスクに空きがありません",
    errno.EDQUOT: "割り当てられたディスクに空きがありません",
    errno.EROFS: "読取り専用の場所です",
    errno.ENAMETOOLONG: "名前が長すぎます",
    errno.ELOOP: "リンクが循環しています",
    errno.EEXIST: "同じ名前のものがあります",
    errno.ENOTEMPTY: "フォルダが空ではありません",
    errno.EIO: "ディスクの読み書きに失敗しました",
    errno.EMFILE: "開いているファイルが多すぎます",
    errno.ENFILE: "開いているファイルが多すぎます",
    errno.ETXTBSY: "使用中です",
    errno.EBUSY: "使用中です",
    errno.EFBIG: "ファイルが大きすぎます",
    errno.ENOMEM: "メモリが足りません",
    errno.EADDRINUSE: "すでに使われています",
    errno.EADDRNOTAVAIL: "このコンピュータのアドレスではありません",
    errno.ECONNREFUSED: "接続を拒まれました",
    errno.ECONNRESET: "接続が切れました",
    errno.EPIPE: "接続が切れました",
    errno.ETIMEDOUT: "応答がありません",
    errno.EHOSTUNREACH: "相手に届きません",
    errno.ENETUNREACH: "ネットワークに届きません",
    errno.EINVAL: "使えない名前か場所です",
}
_AT = re.compile(r"at line (\d+), column (\d+)")


def of_system(error: OSError) -> str:
    """What the operating system refused.

    >>> of_system(FileNotFoundError(2, "No such file or directory"))
    '見つかりません'
    """
    if isinstance(error, TimeoutError):
        return _BY_NUMBER[errno.ETIMEDOUT]
    known = _BY_NUMBER.get(error.errno or 0)
    return known or (f"システムのエラー番号 {error.errno}" if error.errno else "システムのエラー")


def of_text(error: ValueError) -> str:
    """Why a file of settings (TOML, UTF-8) cannot be read: with the line, where it is known.

    >>> of_text(ValueError("Invalid value (at line 1, column 15)"))
    '1行目の15文字目の書き方が正しくありません'
    """
    if isinstance(error, UnicodeDecodeError):
        line = error.object[: error.start].count(b"\n") + 1
        return f"{line}行目の文字コードが UTF-8 ではありません"
    if "at end of document" in str(error):
        return "終わりの書き方が正しくありません"
    at = _AT.search(str(error))
    return f"{at[1]}行目の{at[2]}文字目の書き方が正しくありません" if at else "書き方が正しくありません"


def of_fault(error: BaseException) -> str:
    """A fault of which only its kind can be told."""
    if isinstance(error, OSError):
        place = f"「{error.filename}」" if isinstance(error.filename, str) else ""
        return f"{place}{of_system(error)}"
    return f"エラーの種類 {type(error).__name__}"
