"""Plots with alternative texts, in colours that colour-blind readers can tell apart."""

import base64
import io
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

BLUE, ORANGE, GREY = "#0072b2", "#e69f00", "#999999"  # from the Okabe-Ito palette
PRICE_COLORS = {"low": "#0072b2", "med": "#56b4e9", "high": "#e69f00", "vhigh": "#d55e00"}
TEXT_COLORS = {"low": "white", "med": "black", "high": "black", "vhigh": "black"}
FONT = "DejaVu Sans"  # part of matplotlib's wheel, so that plots do not depend on the fonts of the system
STYLE = {
    "figure.dpi": 110,
    "font.family": FONT,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
}


def use_style() -> None:
    """Set the style of all plots, whatever the user's matplotlibrc contains."""
    plt.style.use(["default", STYLE])


class Plot:
    """A plot that a notebook displays as a PNG image with an alternative text."""

    def __init__(self, figure: Figure, text: str) -> None:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": ""})
        plt.close(figure)
        self.png, self.text = buffer.getvalue(), text

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        data = {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.text}
        return data, {"image/png": {"alt": self.text}}


def value_counts(cars: pd.DataFrame, columns: Sequence[str]) -> Plot:
    """Draw the number of cars for each value of each column."""
    figure, axes = plt.subplots(1, len(columns), figsize=(2.1 * len(columns), 2.4), sharey=True)
    for axis, column in zip(axes, columns, strict=True):
        counted = cars[column].value_counts(sort=False)
        axis.bar(counted.index, counted.to_numpy(), color=BLUE)
        axis.bar_label(axis.containers[0], fontsize=8)
        axis.set_title(column)
        axis.tick_params(axis="x", rotation=45)
    axes[0].set_ylabel("cars")
    text = "; ".join(
        f"{column}: "
        + ", ".join(f"{value} {number}" for value, number in cars[column].value_counts(sort=False).items())
        for column in columns
    )
    return Plot(figure, f"Bar charts of how many of the {len(cars)} cars have each value. {text}.")


def price_shares(table: pd.DataFrame, title: str) -> Plot:
    """Draw one stacked bar for each row, with the share of each price (column)."""
    parts = table.div(table.sum(axis=1), axis=0)
    figure, axis = plt.subplots(figsize=(6, 0.5 * len(parts) + 1))
    left = np.zeros(len(parts))
    for price in parts.columns:
        drawn = axis.barh(parts.index.astype(str), parts[price], left=left, color=PRICE_COLORS[price], label=price)
        numbers = [f"{count}" if count else "" for count in table[price]]
        axis.bar_label(drawn, numbers, label_type="center", fontsize=9, color=TEXT_COLORS[price])
        left += parts[price].to_numpy()
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.invert_yaxis()
    axis.set_title(title, loc="left")
    axis.legend(title="buying", bbox_to_anchor=(1.01, 1), loc="upper left", frameon=False)
    text = "; ".join(
        f"{row}: " + ", ".join(f"{price} {table.loc[row, price]}" for price in table) for row in table.index
    )
    return Plot(figure, f"{title}. Cars of each buying price: {text}.")


def accuracy_intervals(table: pd.DataFrame, bound: float, chance: float, title: str) -> Plot:
    """Draw the models' accuracies with their intervals, beside the accuracy bound and guessing."""
    figure, axis = plt.subplots(figsize=(6.5, 0.42 * len(table) + 1))
    middle = table["accuracy"]
    reach = np.array([middle - table["low"], table["high"] - middle])
    axis.errorbar(middle, table.index, xerr=reach, fmt="o", color=BLUE, capsize=3)
    axis.axvline(bound, color=ORANGE, label=f"ceiling, {bound:.1%}")
    axis.axvline(chance, color=GREY, linestyle="--", label=f"guessing, {chance:.1%}")
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.invert_yaxis()
    axis.set_title(title, loc="left")
    axis.legend(bbox_to_anchor=(1.01, 1), loc="upper left", frameon=False)
    text = "; ".join(f"{name} {row.accuracy:.1%} ({row.low:.1%} to {row.high:.1%})" for name, row in table.iterrows())
    return Plot(figure, f"{title}: accuracy with 95 % intervals. {text}. Ceiling {bound:.1%}, guessing {chance:.1%}.")


def confusion_matrices(confusions: Mapping[str, NDArray[np.int64]], labels: Sequence[str], title: str) -> Plot:
    """Draw confusion matrices side by side: true values in rows, predictions in columns."""
    figure, axes = plt.subplots(
        1, len(confusions), figsize=(3.4 * len(confusions), 3.2), squeeze=False, layout="constrained"
    )
    texts = []
    for axis, (name, matrix) in zip(axes[0], confusions.items(), strict=True):
        axis.imshow(matrix, cmap="Blues", vmin=0)
        for (row, column), number in np.ndenumerate(matrix):
            dark = number > matrix.max() / 2
            axis.text(column, row, f"{number}", ha="center", va="center", color="white" if dark else "black")
        axis.set_xticks(range(len(labels)), labels)
        axis.set_yticks(range(len(labels)), labels)
        axis.set_title(name)
        axis.set_xlabel("predicted")
        rows = (
            f"{label} predicted as {dict(zip(labels, row.tolist(), strict=True))}"
            for label, row in zip(labels, matrix, strict=True)
        )
        texts.append(f"{name}, by true price: {'; '.join(rows)}".replace("{", "").replace("}", "").replace("'", ""))
    axes[0][0].set_ylabel("true")
    return Plot(figure, f"{title}. {'; '.join(texts)}.")


def calibration_curves(curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Plot:
    """Draw the observed frequency against the predicted probability."""
    figure, axis = plt.subplots(figsize=(4.5, 4))
    axis.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfect")
    for (name, (predicted, observed)), color, marker in zip(curves.items(), (BLUE, ORANGE), ("o", "s"), strict=True):
        axis.plot(predicted, observed, color=color, marker=marker, label=name)
    axis.set_xlabel("predicted probability")
    axis.set_ylabel("observed frequency")
    axis.legend(frameon=False)
    text = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{predicted:.0%} predicted, {observed:.0%} observed" for predicted, observed in zip(*curve, strict=True)
        )
        for name, curve in curves.items()
    )
    return Plot(figure, f"Calibration of both models. {text}.")


def bar_chart(
    values: pd.Series, title: str, errors: pd.Series | None = None, reference: float | None = None, name: str = ""
) -> Plot:
    """Draw one horizontal bar for each value, with optional error bars and a named reference line."""
    figure, axis = plt.subplots(figsize=(6, 0.42 * len(values) + 0.9))
    axis.barh(values.index, values, xerr=errors, color=BLUE, capsize=3)
    if reference is not None:
        axis.axvline(reference, color=ORANGE, label=name)
        axis.legend(frameon=False)
    axis.invert_yaxis()
    axis.set_title(title, loc="left")
    spread = errors if errors is not None else {}
    text = ", ".join(
        f"{label} {value:.3f}" + (f" plus or minus {spread[label]:.3f}" if label in spread else "")
        for label, value in values.items()
    )
    line = f"; {name}: {reference:.3f}" if reference is not None else ""
    return Plot(figure, f"{title}. {text}{line}.")


def learning_curves(sizes: NDArray[np.int64], curves: Mapping[str, NDArray[np.float64]], bound: float) -> Plot:
    """Draw accuracy against the size of the training set."""
    figure, axis = plt.subplots(figsize=(6, 3.4))
    axis.axhline(bound, color=GREY, linestyle="--", label=f"ceiling, {bound:.1%}")
    for (name, folds), color, marker in zip(curves.items(), (BLUE, ORANGE), ("o", "s"), strict=True):
        middle, spread = folds.mean(axis=1), folds.std(axis=1)
        axis.plot(sizes, middle, color=color, marker=marker, label=name)
        axis.fill_between(sizes, middle - spread, middle + spread, color=color, alpha=0.15)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_xlabel("cars in the training set")
    axis.set_ylabel("accuracy on other cars")
    axis.legend(frameon=False)
    text = "; ".join(
        f"{name}: " + ", ".join(f"{mean:.1%} from {size}" for mean, size in zip(folds.mean(axis=1), sizes, strict=True))
        for name, folds in curves.items()
    )
    return Plot(figure, f"Learning curves. {text}; ceiling {bound:.1%}.")
