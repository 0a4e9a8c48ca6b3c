"""Pictures that read well in print and to the colour-blind; each has a text for those who cannot see it."""

import base64
import io
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

BLUE, ORANGE, GREY = "#0072b2", "#e69f00", "#999999"  # Okabe and Ito's
PRICE_COLORS = {"low": "#0072b2", "med": "#56b4e9", "high": "#e69f00", "vhigh": "#d55e00"}
TEXT_COLORS = {"low": "white", "med": "black", "high": "black", "vhigh": "black"}
STYLE = {
    "figure.dpi": 110,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
}


class Picture:
    """A picture as a notebook shows it: an image with its alternative text."""

    def __init__(self, figure: Figure, text: str) -> None:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": ""})
        plt.close(figure)
        self._png, self.text = buffer.getvalue(), text

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        data = {"image/png": base64.b64encode(self._png).decode(), "text/plain": self.text}
        return data, {"image/png": {"alt": self.text}}


def distributions(cars: pd.DataFrame, columns: Sequence[str]) -> Picture:
    """Draw how many cars have each value."""
    figure, axes = plt.subplots(1, len(columns), figsize=(2.1 * len(columns), 2.4), sharey=True)
    for axis, column in zip(axes, columns, strict=True):
        counted = cars[column].value_counts(sort=False)
        axis.bar(counted.index, counted.to_numpy(), color=BLUE)
        axis.bar_label(axis.containers[0], fontsize=8)
        axis.set_title(column)
        axis.tick_params(axis="x", rotation=45)
    axes[0].set_ylabel("cars")
    said = "; ".join(
        f"{column}: "
        + ", ".join(f"{value} {number}" for value, number in cars[column].value_counts(sort=False).items())
        for column in columns
    )
    return Picture(figure, f"Bar charts of how many of the {len(cars)} cars have each value. {said}.")


def shares(table: pd.DataFrame, title: str) -> Picture:
    """Draw the shares of prices (columns) for each row, one on another."""
    parts = table.div(table.sum(axis=1), axis=0)
    figure, axis = plt.subplots(figsize=(6, 0.5 * len(parts) + 1))
    left = np.zeros(len(parts))
    for price in parts.columns:
        bars = axis.barh(parts.index.astype(str), parts[price], left=left, color=PRICE_COLORS[price], label=price)
        numbers = [f"{count}" if count else "" for count in table[price]]
        axis.bar_label(bars, numbers, label_type="center", fontsize=9, color=TEXT_COLORS[price])
        left += parts[price].to_numpy()
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.invert_yaxis()
    axis.set_title(title, loc="left")
    axis.legend(title="buying", bbox_to_anchor=(1.01, 1), loc="upper left", frameon=False)
    said = "; ".join(
        f"{row}: " + ", ".join(f"{price} {table.loc[row, price]}" for price in table) for row in table.index
    )
    return Picture(figure, f"{title}. Cars of each buying price: {said}.")


def intervals(table: pd.DataFrame, highest: float, chance: float, title: str) -> Picture:
    """Draw the models' accuracies with their intervals, the ceiling and what guessing reaches."""
    figure, axis = plt.subplots(figsize=(6.5, 0.42 * len(table) + 1))
    middle = table["accuracy"]
    reach = np.array([middle - table["low"], table["high"] - middle])
    axis.errorbar(middle, table.index, xerr=reach, fmt="o", color=BLUE, capsize=3)
    axis.axvline(highest, color=ORANGE, label=f"ceiling, {highest:.1%}")
    axis.axvline(chance, color=GREY, linestyle="--", label=f"guessing, {chance:.1%}")
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.invert_yaxis()
    axis.set_title(title, loc="left")
    axis.legend(bbox_to_anchor=(1.01, 1), loc="upper left", frameon=False)
    said = "; ".join(f"{name} {row.accuracy:.1%} ({row.low:.1%} to {row.high:.1%})" for name, row in table.iterrows())
    return Picture(
        figure, f"{title}: accuracy with 95 % intervals. {said}. Ceiling {highest:.1%}, guessing {chance:.1%}."
    )


def matrices(confusions: Mapping[str, NDArray[np.int64]], labels: Sequence[str], title: str) -> Picture:
    """Draw confusion matrices side by side: rows what it is, columns what was said."""
    figure, axes = plt.subplots(
        1, len(confusions), figsize=(3.4 * len(confusions), 3.2), squeeze=False, layout="constrained"
    )
    said = []
    for axis, (name, matrix) in zip(axes[0], confusions.items(), strict=True):
        axis.imshow(matrix, cmap="Blues", vmin=0)
        for (row, column), number in np.ndenumerate(matrix):
            dark = number > matrix.max() / 2
            axis.text(column, row, f"{number}", ha="center", va="center", color="white" if dark else "black")
        axis.set_xticks(range(len(labels)), labels)
        axis.set_yticks(range(len(labels)), labels)
        axis.set_title(name)
        axis.set_xlabel("said")
        rows = (
            f"{label} said {dict(zip(labels, row.tolist(), strict=True))}"
            for label, row in zip(labels, matrix, strict=True)
        )
        said.append(f"{name}, by true price: {'; '.join(rows)}".replace("{", "").replace("}", "").replace("'", ""))
    axes[0][0].set_ylabel("true")
    return Picture(figure, f"{title}. {'; '.join(said)}.")


def calibration(curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Picture:
    """Draw how often what was given a probability is true, against the probability."""
    figure, axis = plt.subplots(figsize=(4.5, 4))
    axis.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfect")
    for (name, (given, found)), color, marker in zip(curves.items(), (BLUE, ORANGE), ("o", "s"), strict=True):
        axis.plot(given, found, color=color, marker=marker, label=name)
    axis.set_xlabel("probability given")
    axis.set_ylabel("share that was so")
    axis.legend(frameon=False)
    said = "; ".join(
        f"{name}: " + ", ".join(f"{one:.0%} given, {other:.0%} so" for one, other in zip(*curve, strict=True))
        for name, curve in curves.items()
    )
    return Picture(figure, f"Calibration of both models. {said}.")


def bars(
    values: pd.Series, title: str, errors: pd.Series | None = None, reference: float | None = None, name: str = ""
) -> Picture:
    """Draw a horizontal bar a value; with errors, or a reference line that has a name."""
    figure, axis = plt.subplots(figsize=(6, 0.42 * len(values) + 0.9))
    axis.barh(values.index, values, xerr=errors, color=BLUE, capsize=3)
    if reference is not None:
        axis.axvline(reference, color=ORANGE, label=name)
        axis.legend(frameon=False)
    axis.invert_yaxis()
    axis.set_title(title, loc="left")
    spread = errors if errors is not None else {}
    said = ", ".join(
        f"{label} {value:.3f}" + (f" give or take {spread[label]:.3f}" if label in spread else "")
        for label, value in values.items()
    )
    line = f"; {name}: {reference:.3f}" if reference is not None else ""
    return Picture(figure, f"{title}. {said}{line}.")


def learning(sizes: NDArray[np.int64], curves: Mapping[str, NDArray[np.float64]], highest: float) -> Picture:
    """Draw accuracy against how many cars were learnt from."""
    figure, axis = plt.subplots(figsize=(6, 3.4))
    axis.axhline(highest, color=GREY, linestyle="--", label=f"ceiling, {highest:.1%}")
    for (name, folds), color, marker in zip(curves.items(), (BLUE, ORANGE), ("o", "s"), strict=True):
        middle, spread = folds.mean(axis=1), folds.std(axis=1)
        axis.plot(sizes, middle, color=color, marker=marker, label=name)
        axis.fill_between(sizes, middle - spread, middle + spread, color=color, alpha=0.15)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_xlabel("cars learnt from")
    axis.set_ylabel("accuracy on others")
    axis.legend(frameon=False)
    said = "; ".join(
        f"{name}: " + ", ".join(f"{mean:.1%} from {size}" for mean, size in zip(folds.mean(axis=1), sizes, strict=True))
        for name, folds in curves.items()
    )
    return Picture(figure, f"Learning curves. {said}; ceiling {highest:.1%}.")
