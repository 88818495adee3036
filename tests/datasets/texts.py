"""Small outputs of other programs, written by hand around known numbers.

One O and two H in a 5 Å cube. The stress tensor is the tension-positive
`STRESS`, printed the way each program prints it.
"""

import numpy as np

from brine.units import BAR, BOHR, HARTREE

POSITIONS = np.array([[1.0, 1.0, 1.0], [1.97, 1.0, 1.0], [0.7, 1.92, 1.0]])
FORCES = np.array([[0.5, -0.2, 0.1], [-0.3, 0.1, 0.0], [-0.2, 0.1, -0.1]])
ENERGY = -14.5
SIDE = 5.0
STRESS = np.array(
    [[-0.010, 0.001, 0.002], [0.001, -0.012, 0.003], [0.002, 0.003, -0.011]]
)
"""eV/Å³: the box is under compression."""
KBAR = 1000 * BAR
GPA = 1e4 * BAR


def outcar():
    pressure = -STRESS / KBAR
    kbar = " ".join(
        f"{pressure[i, j]:.6f}"
        for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))
    )
    lattice = "\n".join(
        " ".join(f"{x:.6f}" for x in (*row, *(row / SIDE**2)))
        for row in SIDE * np.eye(3)
    )
    atoms = "\n".join(
        " ".join(f"{x:.6f}" for x in (*r, *f))
        for r, f in zip(POSITIONS, FORCES, strict=True)
    )
    padding = "\n".join(f" part {k}" for k in range(12))
    return f""" vasp.6.3.0 18Jan22 (build) complex
 POTCAR:    PAW_PBE O 08Apr2002
 POTCAR:    PAW_PBE H 15Jun2001
 POTCAR:    PAW_PBE O 08Apr2002
 POTCAR:    PAW_PBE H 15Jun2001
   NELM   =     60;   NELMIN=  2; NELMDL= -5     # of ELM steps
   NWRITE =      2    write-flag & timer
   ions per type =               1   2
--------------------- Iteration      1(   1)  ---------------------------------------
  FORCE on cell =-STRESS in cart. coord.  units (eV):
{padding}
  Total   1 1 1 0 0 0
  in kB   {kbar}
 VOLUME and BASIS-vectors are now :
 ------------------------------------------------------
  energy-cutoff  :      400.00
  volume of cell :      125.00
      direct lattice vectors                 reciprocal lattice vectors
{lattice}
 POSITION                                       TOTAL-FORCE (eV/Angst)
 ------------------------------------------------------
{atoms}
 ------------------------------------------------------
  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)
  free  energy   TOTEN  =       {ENERGY:.8f} eV
"""


def vasprun():
    def rows(array):
        return "".join(f"<v>{' '.join(f'{x:.8f}' for x in row)}</v>" for row in array)

    atoms = "".join(
        f"<rc><c>{s}</c><c>{t}</c></rc>" for s, t in (("O", 1), ("H", 2), ("H", 2))
    )
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<modeling>
<parameters><separator name="electronic"><i type="int" name="NELM">60</i>
</separator></parameters>
<atominfo><atoms>3</atoms><types>2</types>
<array name="atoms"><set>{atoms}</set></array></atominfo>
<calculation>
<scstep></scstep>
<structure><crystal><varray name="basis">{rows(SIDE * np.eye(3))}</varray></crystal>
<varray name="positions">{rows(POSITIONS / SIDE)}</varray></structure>
<varray name="forces">{rows(FORCES)}</varray>
<varray name="stress">{rows(-STRESS / KBAR)}</varray>
<energy><i name="e_fr_energy">{ENERGY:.8f}</i></energy>
</calculation>
</modeling>
"""


def cp2k(*, unit=None):
    """An output of CP2K 8, or with the `unit` GPa or bar of later versions."""
    kinds = (1, 2, 2)
    symbols, charges = ("O", "H", "H"), (8, 1, 1)
    atoms = "\n".join(
        f"  {k + 1} {kinds[k]} {symbols[k]} {charges[k]} "
        + " ".join(f"{x:.8f}" for x in POSITIONS[k])
        + " 6.0 16.0"
        for k in range(3)
    )
    forces = "\n".join(
        f"  {k + 1} {kinds[k]} {symbols[k]} "
        + " ".join(f"{x:.10f}" for x in FORCES[k] * BOHR / HARTREE)
        for k in range(3)
    )
    cell = "\n".join(
        f" CELL| Vector {name} [angstrom]: {' '.join(f'{x:.6f}' for x in row)}"
        for name, row in zip("abc", SIDE * np.eye(3), strict=True)
    )
    stress = "\n".join(
        f"  {name} " + " ".join(f"{x:.8f}" for x in row)
        for name, row in zip("XYZ", -STRESS / GPA, strict=True)
    )
    table = f""" STRESS TENSOR [GPa]

            X               Y               Z
{stress}
"""
    if unit is not None:
        scale = {"GPa": GPA, "bar": GPA / 1e4}[unit]
        rows = "\n".join(
            f" STRESS|      {name} " + "".join(f"{x:20.11E}" for x in row)
            for name, row in zip("xyz", -STRESS / scale, strict=True)
        )
        table = f""" STRESS| Analytical stress tensor [{unit}]
 STRESS|                        x                   y                   z
{rows}
 STRESS| 1/3 Trace                                        1.0E+00
"""
    return f""" DBCSR| Multiplication driver                          BLAS
 CP2K| version string:                                 CP2K version 8.2
{cell}
  1. Atomic kind: O                     Number of atoms:       1
  2. Atomic kind: H                     Number of atoms:       2

  Atom  Kind  Element       X           Y           Z          Z(eff)       Mass

{atoms}

  *** SCF run converged in    12 steps ***

 ENERGY| Total FORCE_EVAL ( QS ) energy (a.u.):         {ENERGY / HARTREE:.12f}

 ATOMIC FORCES in [a.u.]

 # Atom   Kind   Element          X              Y              Z
{forces}
 SUM OF ATOMIC FORCES           0.0 0.0 0.0 0.0

{table}
"""
