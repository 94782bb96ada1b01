"""Seeded random uploads that break no rule, and random reference tables to rate them with.

As odd as the rules allow: several branches, shipments and settlements in shuffled order, every method, rating,
category and flag, amounts of nothing and of trillions, month ends and leap days. What they must cost is the oracle's
(``sample_ledgers.making.oracle``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random

from sample_ledgers.making import oracle
from schemas.layouts import layout_of
from schemas.products import Product
from tests import kit
from tests.kit import ENTERPRISE, NOTICE, Row, World

EQUIPMENT, CONSUMER_GOODS = Product.EQUIPMENT, Product.CONSUMER_GOODS

AGREEMENTS = kit.AGREEMENTS | {
    EQUIPMENT: ("333333301", "333333302", "333333303"),
    CONSUMER_GOODS: ("444444401", "444444402", "444444403"),
}
"""Of each product one without any option, one with every option and, of ledgers, one with a discount of 30 %."""

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
BANKS = (*kit.RATINGS, *sorted(oracle.GOOD_BANKS), *sorted(oracle.GOOD_BANKS))
GOODS = ("840000", "490199", "640110")
TEXTILES = ("500100", "610910", "630900")
LARGEST_YEN = 9_999_999_999_999


@dataclass(frozen=True)
class Scene:
    """Dice, product, tables and the day of acceptance: all that an upload is made for."""

    random: Random
    product: Product
    world: World
    accepted: date = kit.ACCEPTED

    @cached_property
    def book(self) -> oracle.Book:
        return oracle.Book(str(self.product), self.world, self.accepted)

    @cached_property
    def payers(self) -> list[str]:
        """Buyers that are not bankrupt on that day."""
        return [code for code in map(kit.buyer, kit.RATINGS) if self.book.rating(code) not in oracle.BROKEN]

    def payer(self) -> str:
        return self.random.choice(self.payers)

    def country(self) -> str:
        return self.random.choice(list(kit.COUNTRIES))

    def currency(self, on: date) -> str:
        """One that has an exchange rate on that day."""
        known = {
            row["currency"]
            for row in self.world["exchange_rates"]
            if row["currency"] == "JPY" or oracle.day(row["valid_from"]) <= on
        }
        return self.random.choice([name for name in CURRENCIES if name == "JPY" or name in known])


# ---------------------------------------------------------------------------------------------- worlds


def plain_world() -> World:
    """The default world with agreements of every product and rates for the ratings that the calibrated set omits."""
    world = kit.world()
    _add_agreements(world)
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


RATE_DAYS = ("2004-10-01", "2018-10-01", "2018-11-06", "2018-11-07", "2018-12-29", "2019-01-01", "2019-03-01")


def crooked_world(random: Random) -> World:
    """The default world with random rates, factors, discounts and exchange rates, and changes of several dates."""
    world = kit.world()
    _add_agreements(world)
    world["rates"] = list(_rates(random))
    world["factors"] = list(_factors(random))
    world["exchange_rates"] = [
        {"currency": currency, "valid_from": valid_from, "yen_per_unit": _decimal(random, high, 6)}
        for currency, high in (("USD", 300), ("EUR", 300), ("KRW", 1))
        for valid_from in (
            *("2018-01-01", "2018-10-01", "2018-10-02", "2018-11-01", "2018-11-02"),
            *("2018-12-01", "2018-12-31", "2019-02-01", "2019-02-02"),
        )
    ]
    discounts = ["0.7", "0.85", "1", "1.25", "19/20", "100/97.5"]
    random.shuffle(discounts)
    in_use = [row for row in world["agreements"] if row["agreement_code"] != kit.PAST_AGREEMENT]
    for n, agreement in enumerate(in_use):
        agreement["discount_factor"] = discounts[n % len(discounts)]
    # Other terms from the new year on.
    of_ours = {code for product in (EQUIPMENT, CONSUMER_GOODS) for code in AGREEMENTS[product]}
    for agreement in [row for row in world["agreements"] if row["agreement_code"] in of_ours]:
        renewed = agreement | {"valid_from": "2019-01-01", "discount_factor": random.choice(discounts)}
        world["agreements"].append(renewed)
        agreement["valid_to"] = "2018-12-31"
    # Ratings and categories that change between the acceptance dates; EE keeps its rating for the rest of the year.
    for rating, valid_from, new in (
        ("EA", "2018-11-06", "P"),
        ("EF", "2018-11-07", "B"),
        ("EF", "2018-12-01", "EF"),
        ("EE", "2018-12-31", "EM"),
        ("GA", "2018-12-31", "EM"),
        ("P", "2019-02-28", "EC"),
    ):
        world["buyers"].append(
            {"buyer_code": kit.buyer(rating), "valid_from": valid_from, "country": "105", "rating": new}
        )
    for country, valid_from, category in (
        ("105", "2018-11-06", "F"),
        ("106", "2018-11-07", "H"),
        ("111", "2018-12-31", "A"),
        ("322", "2019-02-28", "B"),
        ("304", "2019-03-01", "C"),
    ):
        world["country_categories"].append(
            {"country": country, "valid_from": valid_from, "category": category}
        )
    return world


def _add_agreements(world: World) -> None:
    """設備財 and 消費財 agreements like those of 企総, with the same buyers."""
    like = {row["agreement_code"]: row for row in world["agreements"]}
    for product in (EQUIPMENT, CONSUMER_GOODS):
        for code, model in zip(AGREEMENTS[product], AGREEMENTS[ENTERPRISE], strict=True):
            world["agreements"].append(like[model] | {"agreement_code": code, "product": str(product)})
            world["buyer_registrations"] += [
                row | {"agreement_code": code}
                for row in world["buyer_registrations"]
                if row["agreement_code"] == model
            ]


def _rates(random: Random) -> Iterator[Row]:
    """For every component a row for all, older and newer specific ones, and some not yet in force.

    設備財 has own rows for A and C, 消費財 for B and C, some of them few; the rest is taken from 企総.
    """
    own = {ENTERPRISE: "ABCD", NOTICE: "ABCD", EQUIPMENT: "AC", CONSUMER_GOODS: "BC"}
    for product, components in own.items():
        for component in components:
            categories = ["*", *"ACEH"] if component in "AB" else ["*"]
            share = 0.25 if product in (ENTERPRISE, NOTICE) else random.choice([0.0, 0.05, 0.25])
            for category in categories:
                for rating in ("*", "EA", "EF", "EC", "P", "R"):
                    for valid_from in RATE_DAYS:
                        always = (category, rating, valid_from) == ("*", "*", "2004-10-01")
                        if always or random.random() < share:
                            yield {
                                "product": str(product),
                                "component": component,
                                "country_category": category,
                                "buyer_rating": rating,
                                "valid_from": valid_from,
                                **_coefficients(random),
                            }


def _coefficients(random: Random) -> Row:
    dice = random.random()
    if dice < 0.2:  # the rate ends in exactly half a thousandth
        return {"a": f"0.{random.randrange(3):03d}", "b": f"0.{random.randrange(10**3):03d}5"}
    a = _decimal(random, 1, 6) if dice > 0.9 else f"0.00{random.randrange(10**4):04d}"
    return {"a": a, "b": f"0.{random.randrange(10**6):06d}"}


def _factors(random: Random) -> Iterator[Row]:
    for product in Product:
        for factor in ("full_political", "currency_rider", "additional_cost"):
            for component in "ABCD":
                for valid_from in ("2004-10-01", "2018-11-06", "2018-11-07", "2019-01-01"):
                    if random.random() < 0.7:
                        value = random.choice(["1", "1.1", "0.95", "100/97.5", "1.27", "7/6", "1.000001"])
                        yield {
                            "product": str(product),
                            "factor": factor,
                            "component": component,
                            "valid_from": valid_from,
                            "value": value,
                        }


# --------------------------------------------------------------------------------------------- uploads


def upload(scene: Scene, lines: int) -> list[Row]:
    """At least that many lines of whole contracts, shuffled; notices in the order made."""
    if scene.product is NOTICE:
        return [_notice(scene) for _ in range(lines)]
    made: list[Row] = []
    number = 0
    while len(made) < lines:
        made += _contract(scene, number)
        number += 1
    scene.random.shuffle(made)
    return made


def _contract(scene: Scene, number: int) -> Iterator[Row]:
    random = scene.random
    header = {
        "agreement_code": random.choice(AGREEMENTS[scene.product]),
        "department_code": random.choice(["D1", "D2"]),
        "export_contract_no": f"契約-{number:05d}",
    }
    branches = random.choice([1, 1, 1, 2, 3])
    for branch in range(branches):
        branch_no = f"{branch:02d}" if branches > 1 or random.random() < 0.2 else ""
        yield from _branch(scene, {**header, "branch_no": branch_no})


def _branch(scene: Scene, header: Row) -> Iterator[Row]:
    random, accepted = scene.random, scene.accepted
    options = header["agreement_code"] == AGREEMENTS[scene.product][1]
    currency = scene.currency(accepted.replace(day=1))
    guaranteed = random.random() < 0.5
    destination, paying = scene.country(), scene.country()
    brokered = random.random() < 0.1
    contract_date = accepted - timedelta(days=random.randrange(0, 120 if random.random() < 0.3 else 36))
    branch = header | {
        "contract_form": "15" if brokered else "11",
        "shipment_country": "110" if brokered else "",
        "contract_date": f"{contract_date:%Y%m%d}",
        "counterparty_code": scene.payer(),
        "payer_code": scene.payer(),
        "guarantor_code": kit.buyer(random.choice(BANKS)) if guaranteed else "",
        "guarantor_country": scene.country() if guaranteed else "",
        "destination_country": destination,
        "payer_country": paying,
        "goods_code": random.choice(GOODS if scene.product is CONSUMER_GOODS else GOODS + TEXTILES),
        "currency": currency,
        "contract_amount": _amount(scene, currency),
        "full_political_cover": random.choice(["", "0", "1"] if options else ["", "0"]),
        "additional_cost_rider": random.choice(["", "0", "1"] if options else ["", "0"]),
        "currency_rider": random.choice(["", "0", "1"]),
        "fully_brokered": random.choice(["", "0", "1"] if options else ["", "0"]),
        "to_subsidiary": _to_subsidiary(scene, options, destination, paying),
        "lc_receipt_date": random.choice(["", f"{accepted:%Y%m%d}"]),
        # 確認管理番号: only its presence counts, and that only for EM and EF (facts §3.1).
        "guarantee_line_no": random.choice(["", "G00000000001"]),
    }
    shipments = random.sample(range(1, 100), random.choice([1, 1, 2, 3]))
    lines = [line for n in shipments for line in _shipment(scene, branch | {"shipment_no": f"{n:02d}"})]
    if any(_needs_guarantee_line(scene, line) for line in lines):
        lines = [line | {"guarantee_line_no": "G00000000001"} for line in lines]
    known = layout_of(scene.product).names
    for line in lines:
        yield {name: text for name, text in (kit.enterprise_row() | line).items() if name in known}


def _to_subsidiary(scene: Scene, options: bool, destination: str, paying: str) -> str:
    """The flag; the agreement with options leaves out subsidiaries where both countries are A or B."""
    if options and {scene.book.category(destination), scene.book.category(paying)} <= {"A", "B"}:
        return ""
    return scene.random.choice(["", "", "0", "1"])


def _needs_guarantee_line(scene: Scene, line: Row) -> bool:
    """設備財: D of an EM or EF payer takes an individual guarantee line, unless a good bank's L/C pays."""
    return (
        scene.product is EQUIPMENT
        and scene.book.payer_rating(line["agreement_code"], line["payer_code"]) in oracle.WITHIN_A_YEAR
        and line["settlement_method"] != "60"
        and line["to_subsidiary"] != "1"
        and not (line["settlement_method"] in LC_METHODS and scene.book.is_good_bank(line["guarantor_code"]))
    )


def _shipment(scene: Scene, line: Row) -> Iterator[Row]:
    random = scene.random
    contract_date = oracle.day(line["contract_date"])
    odd = [oracle.day(text) for text in ODD_DAYS if oracle.day(text) >= contract_date]
    shipped = (
        random.choice(odd)
        if random.random() < 0.3
        else contract_date + timedelta(days=random.randrange(0, 800))
    )
    line = line | {
        "last_shipment_date": f"{shipped:%Y%m%d}",
        "pre_shipment_amount": _amount(scene, line["currency"]),
        "post_shipment_amount": _amount(scene, line["currency"]),
    }
    guaranteed = line["guarantor_code"] != ""
    methods = [method for method in METHODS if guaranteed or method not in LC_METHODS]
    chosen = [random.choice(methods) for _ in range(random.choice([1, 1, 1, 2, 3]))]
    rating = scene.book.payer_rating(line["agreement_code"], line["payer_code"])
    if guaranteed and random.random() < (0.9 if rating in oracle.WITHIN_A_YEAR else 0.5):
        chosen = [random.choice([*LC_METHODS, "60"]) for _ in chosen]
    only_lc = set(chosen) <= {*LC_METHODS, "60"} and set(chosen) != {"60"}
    good_lc = only_lc and scene.book.is_good_bank(line["guarantor_code"])
    # EM and EF settle within a year unless by L/C (E-011, E-012); all others in less than two (E-009).
    months = 12 if rating in oracle.WITHIN_A_YEAR and not good_lc else 24
    settlements = random.sample(range(1, 100), len(chosen))
    for settlement, method in zip(settlements, chosen, strict=True):
        yield line | {
            "settlement_no": f"{settlement:02d}",
            "settlement_method": method,
            "settlement_principal": _amount(scene, line["currency"], small=True),
            **_term(random, method, shipped, months),
        }


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


def _notice(scene: Scene) -> Row:
    random = scene.random
    options = random.random() < 0.5
    month = oracle.plus_months(scene.accepted.replace(day=1), random.choice([0, -1, -1, -2]))
    month = max(month, date(2018, 10, 1))
    currency = scene.currency(month)
    guaranteed = random.random() < 0.5
    destination, paying = scene.country(), scene.country()
    return kit.notice_row(
        agreement_code=AGREEMENTS[NOTICE][options],
        notice_kind=random.choice("12"),
        shipment_month=f"{month:%Y%m}",
        counterparty_code=scene.payer(),
        payer_code=scene.payer(),
        guarantor_code=kit.buyer(random.choice(kit.RATINGS)) if guaranteed else "",
        guarantor_country=scene.country() if guaranteed else "",
        destination_country=destination,
        payer_country=paying,
        currency=currency,
        period_band=random.choice("123456"),
        shipped_amount=_amount(scene, currency),
        currency_rider=random.choice(["", "0", "1"]),
        fully_brokered=random.choice(["", "0", "1"] if options else ["", "0"]),
        to_subsidiary=_to_subsidiary(scene, options, destination, paying),
        lc_flag=random.choice(["0", "1"]) if guaranteed else "",
        lc_receipt_date=random.choice(["", "20181001"]),
    )


def _amount(scene: Scene, currency: str, *, small: bool = False) -> str:
    """Text of an amount whose yen stay within the bound even at 300 yen per unit; now and then nothing or the most."""
    random = scene.random
    dice = random.random()
    if dice < 0.03:
        return "0"
    if dice < 0.06 and currency == "JPY" and not small:
        return str(LARGEST_YEN - random.randrange(2))
    digits = random.randrange(1, 6 if small else 14 if currency == "JPY" else 11)
    whole = random.randrange(10 ** (digits - 1), 10**digits)
    if currency == "JPY":
        return str(whole)
    if dice < 0.09:
        return f"0.{random.randrange(1, 100):02d}"
    return random.choice([str(whole), f"{whole}.{random.randrange(100):02d}"])


def _decimal(random: Random, high: int, places: int) -> str:
    scaled = random.randrange(1, high * 10**places)
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}d}"
