"""Pure: bars of a report as numbers, which a template draws: for a handful of rectangles no library is needed."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
"""Units of the drawing; the page stretches it."""
_GAP = 0.2


@dataclass(frozen=True)
class Bar:
    """A period: a value, and what it is a part of (0: of nothing)."""

    label: str
    value: float
    whole: float
    said: str
    """The value as people read it."""


@dataclass(frozen=True)
class Drawn:
    """A bar where it stands."""

    bar: Bar
    x: float
    width: float
    height: float
    """Of its value; it stands on the drawing's ground."""
    whole: float
    """Height of what it is a part of."""


@dataclass(frozen=True)
class Chart:
    """Bars of one kind."""

    title: str
    bars: tuple[Bar, ...]

    @property
    def most(self) -> float:
        return max((max(bar.value, bar.whole) for bar in self.bars), default=0.0)

    @property
    def top(self) -> str:
        """What the highest bar says."""
        return max(self.bars, key=lambda bar: max(bar.value, bar.whole)).said if self.bars else ""

    def drawn(self) -> tuple[Drawn, ...]:
        """The bars, the highest as high as the drawing."""
        step = WIDTH / max(1, len(self.bars))
        return tuple(
            Drawn(
                bar=bar,
                x=round(place * step + step * _GAP / 2, 2),
                width=round(step * (1 - _GAP), 2),
                height=self._height(bar.value),
                whole=self._height(bar.whole),
            )
            for place, bar in enumerate(self.bars)
        )

    def _height(self, value: float) -> float:
        return round(HEIGHT * value / self.most, 2) if self.most else 0.0
