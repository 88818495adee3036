"""The first shell of a cation in replicas whose cation–chloride distance is scaled.

``brine build "Li2MnCl4*9H2O" --formula-units 10 --biased Mn --json > SPC-Fw.json``, the
same with ``--model amoeba --duration-ps 8 > AMOEBA.json``, then
``python studies/biased_shells.py SPC-Fw.json AMOEBA.json`` prints the table of
``docs/labels.md`` and draws ``docs/biased-shells.svg``.
"""

import argparse
import json
from pathlib import Path

from matplotlib import pyplot

PICTURE = Path(__file__).parents[1] / "docs" / "biased-shells.svg"
ATOMS = ("Cl", "O")


def main() -> None:
    """Read what the commands printed; print and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    files = parser.parse_args().files
    shells = {path.stem: json.loads(path.read_text()) for path in files}
    print(table(shells))
    draw(shells)


def table(shells: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: a row for each scale, two columns for each model."""
    heads = [f"{atom}, {model}" for model in shells for atom in ATOMS]
    lines = ["| Mn–Cl distance | " + " | ".join(heads) + " |"]
    lines.append("|---|" + "---|" * len(heads))
    for replicas in zip(*shells.values(), strict=True):
        change = f"{100 * (replicas[0]['scale'] - 1):+.3g} %".replace("-", "−")
        cells = [f"{r[f'first_shell_{atom}']:.2f}" for r in replicas for atom in ATOMS]
        lines.append(f"| {change} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(shells: dict[str, list[dict[str, float]]]) -> None:
    """Neighbours against the scale of the distance."""
    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    for style, (model, replicas) in zip(("o-", "s--"), shells.items(), strict=False):
        for atom, colour in zip(ATOMS, ("tab:green", "tab:red"), strict=True):
            axes.plot(
                [100 * (r["scale"] - 1) for r in replicas],
                [r[f"first_shell_{atom}"] for r in replicas],
                style,
                color=colour,
                label=f"{atom}, {model}",
            )
    axes.set(
        xlabel="scaling of the Mn–Cl distance, %",
        ylabel="neighbours of Mn within 3.2 Å",
        ylim=(0, None),
    )
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
