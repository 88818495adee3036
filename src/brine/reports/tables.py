"""The tables of a report."""

import re
from collections.abc import Mapping, Sequence
from html import escape

from brine.datasets import Finding
from brine.training.held_out import HeldOutErrors
from brine.validation.numbers import plain, with_error
from brine.validation.verdict import Gate

UNITS = r"(?:Å|Å²|Å³|eV|meV|K|ps|fs|ns|bar|GPa|GHz|g/mL|%)"
SEVERITIES = ("error", "warning", "note")
MOST_FINDINGS = 60


def typeset(text: str) -> str:
    """HTML of a sentence: true minus signs, units kept with their numbers."""
    text = text.replace("1e-9 m²/s", "10⁻⁹ m²/s")
    text = re.sub(r"(?<![\w])-(?=\d)", "−", text)
    return escape(re.sub(rf"(\d) (?={UNITS})", "\\1\u00a0", text))


def gate_title(name: str) -> str:
    """``held_out_energy`` as people say it."""
    special = {
        "rdf": "g(r)",
        "pressure_volume": "P(V) scan",
        "held_out_energy": "Held-out energy",
        "held_out_forces": "Held-out forces",
    }
    return special.get(name, name.replace("_", " ").capitalize())


def gate_table(gates: Sequence[Gate]) -> str:
    """Every gate with its numbers and its reason."""
    rows = "".join(
        f"<tr><td>{escape(gate_title(g.name))}</td>"
        f'<td><span class="badge {g.status}">{g.status}</span></td>'
        f"{_number_cell('found', with_error(g.value, g.error), g)}"
        f"{_number_cell('reference', with_error(g.reference, g.reference_error), g)}"
        f"{_number_cell('tolerance ±', _short(g.tolerance), g)}"
        f'<td class="reason">{typeset(g.reason)}</td></tr>'
        for g in gates
    )
    return (
        '<div class="card"><table class="gates"><thead><tr><th>Gate</th><th></th>'
        '<th class="number">Found</th><th class="number">Reference</th>'
        '<th class="number">Tolerance ±</th><th>Why</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _number_cell(label: str, text: str, gate: Gate) -> str:
    if text == "–":
        return '<td class="number"></td>'
    unit = (
        f' <span class="unit">{typeset(gate.unit)}</span>' if label == "found" else ""
    )
    return f'<td class="number" data-label="{label}">{text}{unit}</td>'


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def error_table(columns: Mapping[str, HeldOutErrors]) -> str:
    """Held-out errors, one column for each split."""
    rows: dict[str, list[str]] = {}
    for k, errors in enumerate(columns.values()):
        for name, text in error_rows(errors).items():
            rows.setdefault(name, ["–"] * len(columns))[k] = text
    head = "".join(f'<th class="number">{escape(name)}</th>' for name in columns)
    body = "".join(
        f"<tr><td>{escape(name)}</td>"
        + "".join(f'<td class="number">{text}</td>' for text in cells)
        + "</tr>"
        for name, cells in rows.items()
    )
    return (
        f'<div class="card"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def error_rows(errors: HeldOutErrors) -> dict[str, str]:
    """Names and texts of the errors that are known."""
    rows: dict[str, str] = {}
    if errors.energy is not None:
        e = errors.energy
        rows["Held-out frames with energy"] = f"{e.n_frames}"
        rows["Energy RMSE, mean removed, meV/atom"] = plain(e.rmse_centred)
        rows["Energy RMSE, meV/atom"] = plain(e.rmse)
        rows["Energy error, mean, meV/atom"] = plain(e.mean)
        if e.volume_slope == e.volume_slope:
            rows["Energy error per 1 % of volume, meV/atom"] = with_error(
                e.volume_slope, e.volume_slope_error
            )
        if e.composition_spread == e.composition_spread:
            rows["Energy error between compositions, meV/atom"] = plain(
                e.composition_spread
            )
    if errors.forces is not None:
        f = errors.forces
        rows["Force RMSE, meV/Å"] = plain(f.rmse)
        rows["Force MAE, meV/Å"] = plain(f.mae)
        for symbol, element in f.elements.items():
            rows[f"Force RMSE on {symbol}, meV/Å"] = (
                f"{plain(element.rmse)} of {plain(element.label_rms)}"
            )
    if errors.molecular is not None:
        for motion in ("translation", "rotation", "vibration"):
            part = getattr(errors.molecular, motion)
            rows[f"Force RMSE, molecular {motion}, meV/Å"] = (
                f"{plain(part.rmse)} of {plain(part.label_rms)}"
            )
    if errors.stress is not None:
        s = errors.stress
        rows["Pressure error, mean, bar"] = with_error(
            s.pressure_mean, s.pressure_mean_error
        )
        rows["Pressure RMSE, bar"] = plain(s.pressure_rmse)
    return rows


def finding_table(findings: Sequence[Finding]) -> str:
    """What the audit found, errors first."""
    order = sorted(
        findings,
        key=lambda f: SEVERITIES.index(f.severity) if f.severity in SEVERITIES else 9,
    )
    rows = "".join(
        f'<tr><td><span class="badge {escape(f.severity)}">{escape(f.severity)}</span>'
        f"</td><td>{typeset(f.message)}</td></tr>"
        for f in order[:MOST_FINDINGS]
    )
    if len(order) > MOST_FINDINGS:
        rows += f"<tr><td></td><td>and {len(order) - MOST_FINDINGS} more</td></tr>"
    return f'<div class="card"><table><tbody>{rows}</tbody></table></div>'


def pair_table(pairs: Mapping[str, str]) -> str:
    """Names and values, such as versions and hashes."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td><code>{escape(text)}</code></td></tr>"
        for name, text in pairs.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"
