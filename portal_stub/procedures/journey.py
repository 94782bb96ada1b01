"""The way through a procedure as the answers make it: which steps are asked, which are answered, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from portal_stub.procedures.declaration import Procedure, Slot, Step, Subject
from portal_stub.procedures.forms import StepForm
from portal_stub.procedures.models import Application

CHECK = "申込内容の確認"


@dataclass(frozen=True)
class Journey:
    """An application on its way, with what it is about; made anew when the answers have changed."""

    procedure: Procedure
    application: Application
    subject: Subject

    @cached_property
    def steps(self) -> list[Step]:
        """The steps that are asked."""
        return [step for step in self.procedure.steps if step.asked(self.application)]

    @property
    def titles(self) -> list[str]:
        """What the step bar shows."""
        return [*(step.title for step in self.steps), CHECK]

    def position(self, key: str) -> int:
        """Number of a step in the bar, from 1."""
        return [step.key for step in self.steps].index(key) + 1

    def form(self, step: Step, data: object = None) -> StepForm:
        """The form of a step: judged when ``data`` is given, else filled with what was typed, saved or known."""
        names = step.form.base_fields
        known = {name: value for name, value in self.subject.known.items() if name in names}
        prefilled = {name: value for name, value in self.subject.prefilled.items() if name in names}
        saved = self.application.answers.get(step.key, {}) | self.application.typed.get(step.key, {})
        initial = prefilled | known | saved
        return step.form(data, draft=self.application, original=known, initial=initial)

    def next_of(self, step: Step) -> Step | None:
        """The step after one; None: the check page."""
        after = [
            other
            for other in self.steps
            if self.procedure.steps.index(other) > self.procedure.steps.index(step)
        ]
        return after[0] if after else None

    def before(self, step: Step) -> Step | None:
        """The step before one; None: the beginning."""
        return next(
            (
                other
                for other in reversed(self.steps)
                if self.procedure.steps.index(other) < self.procedure.steps.index(step)
            ),
            None,
        )

    def unanswered(self) -> tuple[Step, list[str]] | None:
        """The first step that does not hold, judged afresh, with why; None: all of them hold.

        An application may be resumed after months: items, choices and the world may have changed since.
        """
        for step in self.steps:
            if step.key not in self.application.answers:
                return step, []
            form = self.form(step, self.application.answers[step.key])
            faults = [str(fault) for faults in form.errors.values() for fault in faults]
            faults += missing(step.slots(self.application), self.application)
            if faults:
                return step, faults
        return None

    def shown(self) -> list[dict[str, object]]:
        """What the check page shows: per step its title, rows of items, and file names."""
        blocks: list[dict[str, object]] = []
        documents = list(self.application.documents.filter(by_insurer=False))
        for step in self.steps:
            rows = self.form(step).shown(self.application.answers.get(step.key, {}))
            for slot in step.slots(self.application):
                names = [document.name for document in documents if document.slot == slot.key]
                rows.append([slot.title, "、".join(names) or "（添付なし）", False, ""])
            if rows:
                blocks.append({"step": step.key, "title": step.title, "rows": rows})
        return blocks


def missing(slots: Sequence[Slot], application: Application) -> list[str]:
    """A fault per mandatory kind of document of which nothing is attached."""
    held = set(application.documents.filter(by_insurer=False).values_list("slot", flat=True))
    return [f"{slot.title}を添付してください。" for slot in slots if slot.required and slot.key not in held]
