"""One measured figure with its goal and the references that were measured in the same run."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Line:
    """`n` calls or samples in `seconds`, from `seed`. A goal of None: no goal is stated for this figure."""

    name: str
    value: float
    unit: str
    better: Literal["higher", "lower"]
    n: int
    seed: int
    seconds: float
    goal: float | None = None
    references: dict[str, float] = field(default_factory=dict)

    def meets_goal(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal

    def as_json(self) -> dict[str, Any]:
        """The document form; what is not known is left out."""
        document: dict[str, Any] = {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "better": self.better,
            "references": [
                {"name": name, "value": rounded(value)} for name, value in self.references.items()
            ],
            "n": self.n,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
        }
        if self.goal is not None:
            document["goal"] = self.goal
        return document


def rounded(value: float) -> float:
    """Four significant digits: a figure claims no more than it was measured to."""
    return value if isinstance(value, int) else float(f"{value:.4g}")
