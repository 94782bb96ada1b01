"""What becomes of a ledger's total: a bill, a refund to the account, or a return that is only listed.

D-042; nexi-facts §4.6 (the limit is an assumption, a setting). Pure arithmetic; which lines make the total is
``pipelines.ledger``.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settled:
    """Yen to be paid by the holder, to be paid to its account, and to be listed without payment."""

    payable: int
    refund: int
    listed_only: int


def settled(net: int, threshold: int) -> Settled:
    """How the net of a confirmed ledger (追加 less 返還) is settled.

    >>> settled(18_400, 100_000)
    Settled(payable=18400, refund=0, listed_only=0)
    >>> settled(-100_000, 100_000), settled(-99_999, 100_000)
    (Settled(payable=0, refund=100000, listed_only=0), Settled(payable=0, refund=0, listed_only=99999))
    """
    if net >= 0:
        return Settled(net, 0, 0)
    return Settled(0, -net, 0) if -net >= threshold else Settled(0, 0, -net)
