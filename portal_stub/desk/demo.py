"""What the desk has in a demo home: a 全社閲覧用ID and lines of お問い合わせ."""

from portal_stub.accounts.models import Holder, Kind, User
from portal_stub.accounts.readers import issue_reader
from portal_stub.pages.models import Office

OFFICES = (
    ("Webサービスの操作", "お客様相談窓口（架空）", "平日 9:00～17:20"),
    ("保険の申込み・契約内容の変更", "契約課（架空）", "平日 9:00～17:20"),
    ("事故・保険金の請求", "保険金課（架空）", "平日 9:00～17:20"),
)


def load(by: User, password: str) -> None:
    """Again: nothing new."""
    if not User.objects.filter(kind=Kind.COMPANY_READER).exists():
        person = {
            "mail": "reader@990000001.example",
            "name": "全社 閲子",
            "phone": "",
            "department": "本社管理部",
            "title": "",
        }
        home = Holder.objects.get(code="990000001")
        user = issue_reader(by, home, person, ["990000003"], "試用環境", once="demo-reader")
        user.set_password(password)
        user.save(update_fields=["password"])
    if not Office.objects.exists():
        Office.objects.bulk_create(
            Office(business=business, office=office, hours=hours, position=position)
            for position, (business, office, hours) in enumerate(OFFICES)
        )
