"""From the bytes of a CSV to its text: which encoding it is in, decided strictly. What the text holds is ``csv_file``."""

from pipelines.reading.table import unreadable

_NO_LETTERS = "\x80\uf8f0\uf8f1\uf8f2\uf8f3"
"""What Python makes of the bytes 80, A0, FD, FE and FF, which CP932 does not use."""


def text_of(content: bytes, file_name: str) -> tuple[str, str]:
    """The text and its encoding: UTF-8 (with or without BOM) when it is valid UTF-8, else CP932, strictly."""
    if b"\x00" in content:
        raise unreadable(file_name, "文字ではないデータが含まれています。CSV形式で保存し直してください。")
    for encoding in ("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp932" and any(letter in text for letter in _NO_LETTERS):
            continue
        text = text.replace("\r\n", "\n")
        return (text if "\n" in text else text.replace("\r", "\n")), encoding
    raise unreadable(
        file_name, "文字コードが Shift_JIS(CP932)でも UTF-8 でもありません。どちらかで保存し直してください。"
    )
