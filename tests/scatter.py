"""Seeded random uploads that break no rule, and random reference tables to rate them with.

As odd as the rules allow: several branches, shipments and settlements in shuffled order, every method, rating,
category and flag, amounts of nothing and of trillions, month ends and leap days. What they must cost is ``oracle``'s.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from tests import kit, oracle
from tests.kit import ENTERPRISE, NOTICE, Row, World

METHODS = tuple(
    sorted(
        oracle.AT_SIGHT
        | oracle.DAYS_GIVEN
        | oracle.DAYS_AFTER_SIGHT
        | oracle.SHIPMENT_TO_PAYMENT
        | oracle.INSPECTION_TO_PAYMENT
        | oracle.PAID_IN_ADVANCE
    )
)
LC_METHODS = ("10", "11", "12", "19")
PAYER_RATINGS = tuple(rating for rating in kit.RATINGS if rating not in oracle.BROKEN)
ODD_DAYS = ("20181106", "20181130", "20181231", "20190228", "20190831", "20200131", "20200229", "20201130")
CURRENCIES = ("JPY", "JPY", "USD", "EUR", "KRW")


def ledger_lines(random: Random, contracts: int, accepted: date = kit.ACCEPTED) -> list[Row]:
    """Lines of that many export contracts, shuffled."""
    lines = [line for number in range(contracts) for line in _contract(random, number, accepted)]
    random.shuffle(lines)
    return lines


def notices(random: Random, count: int) -> list[Row]:
    """Notices of October and November 2018 and the months before."""
    return [_notice(random) for _ in range(count)]


def crooked_world(random: Random) -> World:
    """The default world with random rates, factors, discounts and exchange rates of several dates."""
    world = kit.world()
    world["rates"] = list(_rates(random))
    world["factors"] = list(_factors(random))
    world["exchange_rates"] = [
        {"currency": currency, "valid_from": valid_from, "yen_per_unit": _decimal(random, high, 6)}
        for currency, high in (("USD", 300), ("EUR", 300), ("KRW", 1))
        for valid_from in ("2018-01-01", "2018-10-01", "2018-10-02", "2018-11-01", "2018-11-02")
    ]
    for agreement in world["agreements"]:
        agreement["discount_factor"] = random.choice(["0.7", "0.85", "1", "1.25", "19/20", "100/97.5"])
    # Ratings and categories that change between the acceptance dates.
    world["buyers"] += [
        {"buyer_code": kit.buyer("EA"), "valid_from": "2018-11-06", "country": "105", "rating": "P"},
        {"buyer_code": kit.buyer("EF"), "valid_from": "2018-11-07", "country": "105", "rating": "B"},
    ]
    world["country_categories"] += [
        {"country": "105", "valid_from": "2018-11-06", "category": "F"},
        {"country": "106", "valid_from": "2018-11-07", "category": "H"},
    ]
    return world


def plain_world() -> World:
    """The default world, with rates for the ratings that the calibrated set leaves out."""
    world = kit.world()
    world["rates"] += [
        {
            "product": str(product),
            "component": "D",
            "country_category": "*",
            "buyer_rating": rating,
            "valid_from": "2018-10-01",
            "rate_set": "TEST",
            "a": "0.002",
            "b": "0.0401",
        }
        for product in (ENTERPRISE, NOTICE)
        for rating in ("EC", "P", "R")
    ]
    return world


def _contract(random: Random, number: int, accepted: date) -> Iterator[Row]:
    agreement = random.choice(kit.AGREEMENTS[ENTERPRISE])
    header = {
        "agreement_code": agreement,
        "department_code": random.choice(["D1", "D2"]),
        "export_contract_no": f"契約-{number:05d}",
    }
    branches = random.choice([1, 1, 1, 2, 3])
    for branch in range(branches):
        branch_no = f"{branch:02d}" if branches > 1 or random.random() < 0.2 else ""
        yield from _branch(random, {**header, "branch_no": branch_no}, agreement, accepted)


def _branch(random: Random, header: Row, agreement: str, accepted: date) -> Iterator[Row]:
    options = agreement == kit.OPTIONS_AGREEMENT
    payer = random.choice(PAYER_RATINGS)
    currency = random.choice(CURRENCIES)
    guaranteed = random.random() < 0.5
    bank = random.choice(kit.RATINGS)
    destination, paying = random.choice(list(kit.COUNTRIES)), random.choice(list(kit.COUNTRIES))
    excluded = options and {kit.COUNTRIES[destination], kit.COUNTRIES[paying]} <= {"A", "B"}
    brokered = random.random() < 0.1
    contract_amount = _amount(random, currency)
    contract_date = accepted - timedelta(days=random.randrange(0, 36))
    branch = header | {
        "contract_form": "15" if brokered else "11",
        "shipment_country": "110" if brokered else "",
        "contract_date": f"{contract_date:%Y%m%d}",
        "counterparty_code": kit.buyer(random.choice(PAYER_RATINGS)),
        "payer_code": kit.buyer(payer),
        "guarantor_code": kit.buyer(bank) if guaranteed else "",
        "guarantor_country": random.choice(list(kit.COUNTRIES)) if guaranteed else "",
        "destination_country": destination,
        "payer_country": paying,
        "currency": currency,
        "contract_amount": contract_amount,
        "full_political_cover": random.choice(["", "0", "1"] if options else ["", "0"]),
        "additional_cost_rider": random.choice(["", "0", "1"] if options else ["", "0"]),
        "currency_rider": random.choice(["", "0", "1"]),
        "fully_brokered": random.choice(["", "0", "1"] if options else ["", "0"]),
        "to_subsidiary": "" if excluded else random.choice(["", "", "0", "1"]),
        "lc_receipt_date": random.choice(["", "20181001"]),
    }
    shipments = random.sample(range(1, 100), random.choice([1, 1, 2, 3]))
    for shipment in shipments:
        yield from _shipment(
            random, branch | {"shipment_no": f"{shipment:02d}"}, payer, bank, guaranteed, contract_date
        )


def _shipment(
    random: Random, line: Row, payer: str, bank: str, guaranteed: bool, contract_date: date
) -> Iterator[Row]:
    shipped = (
        oracle.day(random.choice(ODD_DAYS))
        if random.random() < 0.3
        else contract_date + timedelta(days=random.randrange(0, 800))
    )
    line = line | {
        "last_shipment_date": f"{shipped:%Y%m%d}",
        "pre_shipment_amount": _amount(random, line["currency"]),
        "post_shipment_amount": _amount(random, line["currency"]),
    }
    methods = [method for method in METHODS if guaranteed or method not in LC_METHODS]
    chosen = [random.choice(methods) for _ in range(random.choice([1, 1, 1, 2, 3]))]
    if guaranteed and random.random() < 0.5:
        chosen = [random.choice([*LC_METHODS, "60"]) for _ in chosen]
    only_lc = set(chosen) <= {*LC_METHODS, "60"} and set(chosen) != {"60"}
    good_lc = guaranteed and bank in oracle.GOOD_BANKS and only_lc
    # EM and EF settle within a year unless by L/C (E-011, E-012); all others in less than two (E-009).
    months = 12 if payer in ("EM", "EF") and not good_lc else 24
    settlements = random.sample(range(1, 100), len(chosen))
    for settlement, method in zip(settlements, chosen, strict=True):
        yield kit.enterprise_row(
            **line,
            settlement_no=f"{settlement:02d}",
            settlement_method=method,
            settlement_principal=_amount(random, line["currency"], small=True),
            **_term(random, method, shipped, months),
        )


def _term(random: Random, method: str, shipped: date, months: int) -> Row:
    inspected = shipped
    term = {"usance_days": "", "due_date": "", "inspection_date": ""}
    if method in oracle.INSPECTION_TO_PAYMENT | oracle.FROM_INSPECTION | {"70"} and random.random() < 0.6:
        inspected = shipped + timedelta(days=random.randrange(0, 100))
        term["inspection_date"] = f"{inspected:%Y%m%d}"
    if method in oracle.DAYS_GIVEN | oracle.DAYS_AFTER_SIGHT:
        longest = 365 if months == 12 else 729
        days = random.choice([0, 1, 29, 30, 31, 60, longest, random.randrange(longest + 1)])
        return term | {"usance_days": f"{days:03d}"}
    if method in oracle.SHIPMENT_TO_PAYMENT | oracle.INSPECTION_TO_PAYMENT:
        start = inspected if method in oracle.RETENTION | {"77"} else shipped
        latest = oracle.plus_months(start, months) - timedelta(days=months == 24)
        due = random.choice(
            [start, latest, start + timedelta(days=random.randrange((latest - start).days + 1))]
        )
        return term | {"due_date": f"{due:%Y%m%d}"}
    return term


def _notice(random: Random) -> Row:
    options = random.random() < 0.5
    currency = random.choice(CURRENCIES)
    guaranteed = random.random() < 0.5
    destination, paying = random.choice(list(kit.COUNTRIES)), random.choice(list(kit.COUNTRIES))
    excluded = options and {kit.COUNTRIES[destination], kit.COUNTRIES[paying]} <= {"A", "B"}
    return kit.notice_row(
        agreement_code=kit.AGREEMENTS[NOTICE][options],
        notice_kind=random.choice("12"),
        shipment_month=random.choice(["201810", "201810", "201811"]),
        counterparty_code=kit.buyer(random.choice(PAYER_RATINGS)),
        payer_code=kit.buyer(random.choice(PAYER_RATINGS)),
        guarantor_code=kit.buyer(random.choice(kit.RATINGS)) if guaranteed else "",
        guarantor_country=random.choice(list(kit.COUNTRIES)) if guaranteed else "",
        destination_country=destination,
        payer_country=paying,
        currency=currency if currency != "EUR" else "JPY",
        period_band=random.choice("123456"),
        shipped_amount=_amount(random, currency if currency != "EUR" else "JPY"),
        currency_rider=random.choice(["", "0", "1"]),
        fully_brokered=random.choice(["", "0", "1"] if options else ["", "0"]),
        to_subsidiary="" if excluded else random.choice(["", "0", "1"]),
        lc_flag=random.choice(["0", "1"]) if guaranteed else "",
        lc_receipt_date=random.choice(["", "20181001"]),
    )


def _amount(random: Random, currency: str, *, small: bool = False) -> str:
    """Text of an amount whose yen stay within the bound even at 300 yen per unit."""
    if random.random() < 0.03:
        return "0"
    digits = random.randrange(1, 6 if small else 14 if currency == "JPY" else 11)
    whole = random.randrange(10 ** (digits - 1), 10**digits)
    if currency == "JPY":
        return str(whole)
    return random.choice([str(whole), f"{whole}.{random.randrange(100):02d}"])


def _decimal(random: Random, high: int, places: int) -> str:
    scaled = random.randrange(1, high * 10**places)
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}d}"


def _rates(random: Random) -> Iterator[Row]:
    """For every component a row for all, older and newer specific ones, and one not yet in force."""
    for product in (ENTERPRISE, NOTICE):
        for component in "ABCD":
            categories = ["*", *"ACEH"] if component in "AB" else ["*"]
            for category in categories:
                for rating in ("*", "EA", "EF", "EC", "P", "R"):
                    for valid_from in ("2004-10-01", "2018-10-01", "2018-11-06", "2018-11-07"):
                        always = (category, rating, valid_from) == ("*", "*", "2004-10-01")
                        if always or random.random() < 0.25:
                            yield {
                                "product": str(product),
                                "component": component,
                                "country_category": category,
                                "buyer_rating": rating,
                                "valid_from": valid_from,
                                "a": _decimal(random, 1, 6)
                                if random.random() < 0.1
                                else f"0.00{random.randrange(10**4):04d}",
                                "b": f"0.{random.randrange(10**6):06d}",
                            }


def _factors(random: Random) -> Iterator[Row]:
    for product in (ENTERPRISE, NOTICE):
        for factor in ("full_political", "currency_rider", "additional_cost"):
            for component in "ABCD":
                for valid_from in ("2004-10-01", "2018-11-06", "2018-11-07"):
                    if random.random() < 0.7:
                        value = random.choice(["1", "1.1", "0.95", "100/97.5", "1.27", "7/6", "1.000001"])
                        yield {
                            "product": str(product),
                            "factor": factor,
                            "component": component,
                            "valid_from": valid_from,
                            "value": value,
                        }
