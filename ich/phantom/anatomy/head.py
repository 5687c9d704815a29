"""A head put together: fields made on a coarse grid, HU composed slice by slice on the fine one."""

from dataclasses import dataclass

import cv2
import numpy as np

from ich.phantom.anatomy.brain import Brain, make_brain
from ich.phantom.anatomy.build import draw_build
from ich.phantom.anatomy.fields import HeadFields
from ich.phantom.anatomy.shapes import per_edge, points_of, share
from ich.phantom.anatomy.skull import Skull, make_skull
from ich.phantom.anatomy.tissue import Tissue, draw_tissue
from ich.phantom.grid import Grid
from ich.phantom.noise import NoiseBank
from ich.phantom.options import Difficulty

COARSEST = 24  # pixels; the least size of the grid on which shapes are evaluated
RIBBON_MM = 3.4  # thickness of cortex; 2 to 4 mm in anatomy

Planes = dict[str, np.ndarray]
PlaneBox = tuple[slice, slice]


@dataclass(frozen=True)
class Head:
    """A head without bleeds.

    Attributes:
        fields: what a bleed needs to know; HU before blur and noise.
        tissue: HU and age of its brain.
        base_mm: z of the petrous ridges in the head, where bone hardens the beam.
    """

    fields: HeadFields
    tissue: Tissue
    base_mm: float = -36.0


def make_head(grid: Grid, difficulty: Difficulty, *, bank: NoiseBank, rng: np.random.Generator) -> Head:
    """Draw a head and compose its HU.

    Args:
        grid: geometry of the scan.
        difficulty: how much looks like blood, and how old the patients are.
        bank: noise for everything irregular.
        rng: draws the head.

    Returns:
        The head on the voxels of `grid`.
    """
    build, tissue = draw_build(rng), draw_tissue(difficulty.atrophy, rng)
    coarse = grid.coarse(min(grid.size, max(COARSEST, grid.size // 2)))
    points = points_of(coarse)
    skull = make_skull(points, build, bank=bank, rng=rng)
    brain = make_brain(points, build, tissue, cavity=skull.cavity, bank=bank, rng=rng)
    outer, inner = _outer_planes(skull, coarse), _inner_planes(brain, coarse)

    shape = (grid.n_slices, grid.size, grid.size)
    hu, cavity = (np.empty(shape, dtype=np.float32) for _ in range(2))
    ventricles, csf = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    for s in range(grid.n_slices):
        planes = {name: _resized(field[s], grid.size) for name, field in outer.items()}
        cavity[s] = planes["cavity"]
        hu[s] = _outside(planes)
        box = _box(skull.cavity[s], grid.size)
        if box is None:
            continue
        coarse_box, fine_box = box
        part = {name: _resized(field[s], grid.size, coarse_box) for name, field in inner.items()}
        part["cavity"] = planes["cavity"][fine_box]
        inside = share(planes["inside"][fine_box])
        brain_hu, ventricle_share, csf_share = _brain(part, tissue)
        hu[s][fine_box] += inside * (brain_hu - hu[s][fine_box])
        ventricles[s][fine_box] = ventricle_share * inside
        csf[s][fine_box] = csf_share * inside
    fields = HeadFields(hu, cavity, ventricles, csf, grid.to_head, (grid.spacing_mm, grid.pixel_mm, grid.pixel_mm))
    return Head(fields, tissue)


def _outer_planes(skull: Skull, grid: Grid) -> Planes:
    """The coarse fields of skull and face that are brought to the fine grid, edges in units of their width."""
    return {
        "skin": per_edge(skull.skin, grid),
        "bone": per_edge(skull.bone, grid),
        "bone_mm": skull.bone,
        "air": per_edge(skull.air, grid),
        "eye": per_edge(skull.eye, grid),
        "soft_hu": skull.soft_hu,
        "inside": per_edge(skull.cavity, grid),
        "cavity": skull.cavity,
    }


def _inner_planes(brain: Brain, grid: Grid) -> Planes:
    """The coarse fields of the brain that are brought to the fine grid, only where the cavity is."""
    smear = np.abs(np.gradient(brain.sulci, axis=0)) if grid.n_slices > 1 else np.zeros_like(brain.sulci)
    return {
        "ventricles": per_edge(brain.ventricles, grid),
        "cisterns": per_edge(brain.cisterns, grid),
        "sulci": brain.sulci,
        "smear": np.minimum(smear, np.float32(6)),
        "cortical": brain.cortical,
        "folding": brain.folding,
        "midline": brain.midline,
        "falx": brain.falx,
        "tentorium": brain.tentorium,
        "sinuses": per_edge(brain.sinuses, grid),
        "deep_hu": brain.deep_hu,
    }


def _box(cavity: np.ndarray, size: int) -> tuple[PlaneBox, PlaneBox] | None:
    """Coarse and fine box of what is or touches the cavity in one slice; None where nothing is."""
    near = cavity < 6  # mm; partial volume reaches beyond the surface
    if not near.any():
        return None
    coarse, fine = [], []
    for axis in (1, 0):
        found = np.flatnonzero(near.any(axis=axis))
        first, last = int(found[0]), int(found[-1]) + 1
        if size % cavity.shape[0]:
            first, last = 0, cavity.shape[0]  # boxes only match where a coarse pixel holds whole fine ones
        coarse.append(slice(first, last))
        fine.append(slice(first * size // cavity.shape[0], last * size // cavity.shape[0]))
    return (coarse[0], coarse[1]), (fine[0], fine[1])


def _resized(plane: np.ndarray, size: int, box: PlaneBox | None = None) -> np.ndarray:
    """A coarse plane, or the part of it in a coarse box, on the fine grid."""
    factor = size / plane.shape[0]
    part = plane if box is None else plane[box]
    shape = round(part.shape[1] * factor), round(part.shape[0] * factor)
    return cv2.resize(part, shape, interpolation=cv2.INTER_LINEAR)


def _outside(planes: Planes) -> np.ndarray:
    """HU of air, scalp, face and bone, (R, C)."""
    globe = np.float32(50) - share(planes["eye"] + np.float32(1.6)) * np.float32(38)  # sclera around vitreous
    hu = planes["soft_hu"] + share(planes["eye"]) * (globe - planes["soft_hu"])
    depth = np.minimum(-planes["bone_mm"], planes["cavity"])
    bone_hu = np.float32(1350) - np.clip((depth - np.float32(0.9)) * 900, 0, 850)  # compact tables, diploe between
    hu += share(planes["bone"]) * (bone_hu - hu)
    hu += share(planes["air"]) * (np.float32(-950) - hu)
    return np.float32(-1000) + share(planes["skin"]) * (hu + 1000)


def _brain(part: Planes, tissue: Tissue) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """HU inside the cavity, share of ventricles, share of CSF around the brain, each (R, C)."""
    depth = -part["cavity"]
    cortical = part["cortical"]
    fade = part["folding"]
    half = np.float32(0.5 + 1.65 * tissue.atrophy) * fade
    reach = half + np.float32(0.5) * part["smear"] + np.float32(0.35)
    across = np.abs(part["sulci"])
    sulci = np.clip((reach - across) * np.float32(1.0) + np.float32(0.5), 0, 1) * np.minimum(
        half / reach * np.float32(1.15), 1
    )

    rim = np.float32(0.15 + 2.2 * tissue.atrophy**2)
    surface = np.clip(rim - depth + np.float32(0.5), 0, 1)
    between = np.abs(part["midline"])
    gap = np.float32(0.5 + 1.4 * tissue.atrophy)
    fissure = np.clip(gap - between + np.float32(0.5), 0, 1) * part["falx"]
    csf = np.maximum(np.maximum(sulci, surface), np.maximum(fissure, share(part["cisterns"])))
    ventricles = share(part["ventricles"])
    csf = np.minimum(csf, 1 - ventricles)

    grey = np.clip((half + np.float32(RIBBON_MM) - across) * np.float32(0.55) + np.float32(0.5), 0, 1) * np.clip(
        fade * 4, 0, 1
    )
    grey = np.maximum(
        grey, np.clip((rim + np.float32(RIBBON_MM + 0.5) - depth) * np.float32(0.5) + np.float32(0.5), 0, 1)
    )
    grey = np.maximum(grey, np.clip((gap + np.float32(RIBBON_MM) - between) * np.float32(0.5), 0, 1) * part["falx"])
    hu = part["deep_hu"] + grey * cortical * (np.float32(tissue.grey) - part["deep_hu"])
    hu += (csf + ventricles) * (np.float32(tissue.csf) - hu)
    dura = np.clip(np.float32(1.0) - between, 0, 1) * part["falx"] * np.float32(0.75)
    dura = np.maximum(dura, part["tentorium"])
    hu += np.maximum(dura, share(part["sinuses"]) * np.float32(0.9)) * (np.float32(tissue.dura) - hu)
    return hu, ventricles, csf
