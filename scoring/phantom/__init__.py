"""Synthetic chest CT with known truth: for the demo, the self-test, tests and evaluation.

For: anyone who needs a calcium scan of which the answer is known.
In: a `PhantomSpec` (`random_spec`, `demo_spec`, or one's own).
Out: `make_phantom` gives a `Phantom`: Volume, Acquisition and Demographics as scoring gets them, and a `Truth`.
Keeps: nothing; the same specification gives the same bytes.
Hostile: nothing comes from outside.
Alone: `pytest tests/scoring/phantom`. It imports nothing of what it judges: no anatomy, coronary, quality, score.

The anatomy is drawn after hearts whose courses were traced, but it is a drawing: good for plumbing, geometry
and arithmetic, and no evidence of accuracy on patients.
"""

from scoring.phantom.cohort import evaluation_spec
from scoring.phantom.draw import demo_spec, random_spec
from scoring.phantom.expectation import Expectation
from scoring.phantom.make import Phantom, make_phantom
from scoring.phantom.physique import Dominance, Gullet, Physique, Situs
from scoring.phantom.spec import METAL, Distractor, Look, PhantomSpec, Plaque, Texture
from scoring.phantom.truth import TrueDistractor, TrueLesion, Truth

__all__ = [
    "METAL",
    "Distractor",
    "Dominance",
    "Expectation",
    "Gullet",
    "Look",
    "Phantom",
    "PhantomSpec",
    "Physique",
    "Plaque",
    "Situs",
    "Texture",
    "TrueDistractor",
    "TrueLesion",
    "Truth",
    "demo_spec",
    "evaluation_spec",
    "make_phantom",
    "random_spec",
]
