"""The outbox as a page, in demo homes only: there it is everybody's mailbox."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal_stub.access import Access, page
from portal_stub.mails.models import Mail


@page("demo-mails", "demo/mails/", chapter="-", access=Access.PUBLIC, otp=False)
def demo_mails(request: HttpRequest) -> HttpResponse:
    """The 50 newest mails, secrets included; nothing is here outside of a demo home."""
    if not settings.PORTAL.development:
        raise Http404
    mails = Mail.objects.order_by("-id")[:50]
    for mail in mails:
        mail.text = mail.body.replace("{secret}", mail.secret or "（消去済み）")
    return render(request, "mails/list.html", {"mails": mails})
