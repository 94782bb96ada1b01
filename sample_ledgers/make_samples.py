"""Writes every sample upload, its manifest and ``expected.csv``: ``.venv/bin/python sample_ledgers/make_samples.py``.

Run by hand after changing a sample in ``making/samples.py``; the files are committed, and the same program writes the
same files. What a sample must cost is reckoned by ``making/oracle.py``, which shares no code with the rules.
"""

import csv
import json
from pathlib import Path

from making.samples import samples

HERE = Path(__file__).resolve().parent
EXPECTED = [
    *("file", "product", "holder", "user", "count", "sent_at", "channel", "resend"),
    *("expected", "refusal", "decision", "decided_at"),
    *("premium_total_yen", "errors", "warnings", "findings", "explanation"),
]


def main() -> None:
    """Write everything."""
    rows = []
    for sample in samples():
        user = sample.user or sample.holder + "000"
        count = sample.count or len(sample.records)
        path = HERE / sample.path
        if sample.write is not None:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(sample.write(sample))
            if sample.manifest:
                manifest = {
                    "product": sample.product,
                    "user": user,
                    "count": count,
                    "remarks": sample.remarks,
                    "resend": sample.resend,
                }
                text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
                path.with_suffix(".json").write_text(text, encoding="utf-8")
        taken = not sample.refusal
        rows.append(
            [
                sample.path,
                sample.product,
                sample.holder,
                user,
                count,
                sample.sent_at + "+09:00",
                sample.channel,
                int(sample.resend),
                sample.outcome,
                sample.refusal,
                sample.decision,
                sample.decided_at and sample.decided_at + "+09:00",
                sample.premium,
                sample.of_severity("error") if taken else "",
                sample.of_severity("warning") if taken else "",
                " ".join(sample.codes) if taken else "",
                sample.why,
            ]
        )
    with (HERE / "expected.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([EXPECTED, *rows])


if __name__ == "__main__":
    main()
