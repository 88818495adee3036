"""What AMOEBA is told beyond its own file: manganese, and pairs under a bias.

AMOEBA (10.1021/jp910674d) knows no manganese. An ion by analogy stands in, whose van
der Waals diameter and depth, polarisability and damping lie between those of Zn²⁺ and
Ca²⁺ as its radius does (Shannon's, six-fold coordination, 10.1107/S0567739476001551).
"""

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from brine.oracles.aqueous_system import import_openmm_app
from brine.oracles.bias import Bias

AMOEBA: Final = "amoeba2018.xml"
MANGANESE: Final = "1025"
"""Its type and its class, numbers that the file leaves free."""
RADII: Final = {"Zn": 0.74, "Mn": 0.83, "Ca": 1.00}
"""Å"""
BETWEEN: Final = (RADII["Mn"] - RADII["Zn"]) / (RADII["Ca"] - RADII["Zn"])


def completed(biases: Sequence[Bias]) -> str:
    """AMOEBA of water and ions with manganese and the pairs of `biases`.

    Without other classes of atoms, the tails of whose pairs OpenMM would integrate for
    seconds.
    """
    root = deepcopy(_published())
    atom = {"name": "MN", "type": MANGANESE}
    kind = {"name": MANGANESE, "class": MANGANESE, "element": "Mn", "mass": "54.938"}
    residue = SubElement(_find(root, "Residues"), "Residue", {"name": "MN"})
    SubElement(residue, "Atom", atom)
    SubElement(_find(root, "AtomTypes"), "Type", kind)
    vdw = _find(root, "AmoebaVdwForce")
    kept = _classes_of_water_and_ions()
    for entry in list(vdw):
        if not {v for k, v in entry.attrib.items() if k.startswith("class")} <= kept:
            vdw.remove(entry)
    SubElement(vdw, "Vdw", {"class": MANGANESE} | _vdw("Mn"))
    vdw.extend(map(_pair, biases))
    multipoles = _find(root, "AmoebaMultipoleForce")
    SubElement(multipoles, "Multipole", _of("Zn", "Multipole") | {"type": MANGANESE})
    polarize = _between("Polarize", "polarizability", "thole")
    SubElement(multipoles, "Polarize", polarize | {"type": MANGANESE})
    return ElementTree.tostring(root, "unicode")


@cache
def _published() -> Element:
    folder = Path(str(import_openmm_app().__file__)).parent / "data"
    return ElementTree.parse(folder / AMOEBA).getroot()


def _find(root: Element, path: str) -> Element:
    found = root.find(path)
    assert found is not None, path
    return found


def _type_of(symbol: str) -> dict[str, str]:
    """Name and class of an ion's type, from the residue that is this ion alone."""
    types = {t.attrib["name"]: t.attrib for t in _published().iter("Type")}
    for residue in _published().iter("Residue"):
        atoms = [types[atom.attrib["type"]] for atom in residue.iter("Atom")]
        if [atom["element"].title() for atom in atoms] == [symbol]:
            return atoms[0]
    raise KeyError(symbol)


def _classes_of_water_and_ions() -> set[str]:
    types = {t.attrib["name"]: t.attrib["class"] for t in _published().iter("Type")}
    residues = [list(residue.iter("Atom")) for residue in _published().iter("Residue")]
    return {
        types[atom.attrib["type"]]
        for atoms in residues
        if sorted(atom.attrib["name"] for atom in atoms) == ["H1", "H2", "O"]
        or len(atoms) == 1
        for atom in atoms
    }


def _of(symbol: str, tag: str) -> dict[str, str]:
    kind = _type_of(symbol)
    by_class = f".//{tag}[@class='{kind['class']}']"
    by_type = f".//{tag}[@type='{kind['name']}']"
    return dict(_find(_published(), by_class if tag == "Vdw" else by_type).attrib)


def _between(tag: str, *names: str) -> dict[str, str]:
    """Numbers of manganese, by radius between those of zinc and calcium."""
    zinc, calcium = (_of(symbol, tag) for symbol in ("Zn", "Ca"))
    numbers = {
        n: (1 - BETWEEN) * float(zinc[n]) + BETWEEN * float(calcium[n]) for n in names
    }
    return {name: f"{number:.10g}" for name, number in numbers.items()}


def _vdw(symbol: str) -> dict[str, str]:
    if symbol == "Mn":
        return _between("Vdw", "sigma", "epsilon") | {"reduction": "1.0"}
    return _of(symbol, "Vdw")


def _pair(bias: Bias) -> Element:
    """The pair's own diameter and depth by AMOEBA's rules, the diameter scaled."""
    one, other = _vdw(bias.cation), _vdw(bias.anion)
    a, b = float(one["sigma"]), float(other["sigma"])
    e, f = np.sqrt(float(one["epsilon"])), np.sqrt(float(other["epsilon"]))
    diameter = bias.scale * (a**3 + b**3) / (a**2 + b**2)
    depth = 4 * (e * f / (e + f)) ** 2
    classes = [
        MANGANESE if symbol == "Mn" else _type_of(symbol)["class"]
        for symbol in (bias.cation, bias.anion)
    ]
    return Element(
        "Pair",
        {
            "class1": classes[0],
            "class2": classes[1],
            "sigma": f"{diameter:.10g}",
            "epsilon": f"{depth:.10g}",
        },
    )
