"""Synthetic chest CT with known truth: for the demo, the self-test, tests and evaluation.

For: anyone who needs a calcium scan of which the answer is known.
In: a `PhantomSpec` (`random_spec`, `demo_spec`, `evaluation_spec`, or one's own).
Out: `make_phantom` gives a `Phantom`: Volume, Acquisition and Demographics as scoring gets them, and a `Truth` with
    the `Expectation`: scored or refused, and the caveats that a score must carry.
Keeps: nothing; the same specification gives the same bytes.
Hostile: nothing comes from outside.
Alone: `pytest tests/scoring/phantom`. It imports nothing of what it judges: no anatomy, coronary, quality, score.

The anatomy is drawn after hearts whose courses were traced, but it is a drawing: good for plumbing, geometry
and arithmetic, and no evidence of accuracy on patients.

Modelled. Always: chest, lungs with vessels and bronchi, bones with spongy marrow, abdomen, chambers, great vessels,
arteries in their grooves, point spread, slice profile, correlated noise that overlapping slices share. With a
`Physique`: lean to fat hearts with arteries up to 8 mm over the muscle, clouds and strands in the fat, veins beside
the arteries, sinuses and ostia that follow the aorta's width, left mains of 2 to 18 mm, ramus, dominance, further side
branches, large atria and appendages, bronchi at the heart's border, high liver, effusions, implants, gas in the
oesophagus, arch, table. By field of the specification: tube voltage, kernel, uneven noise, tilt, off-centre or
full-chest fields, motion, steps between slabs, streaks of arms, mirrored bodies and hearts; by look-alike: stents,
clips with their graft, wires, leads, valve rings, with blooming and streaks.

Not modelled: trabeculae, papillary muscles and valves without calcium; heart phases (moving is a shift in the plane);
scatter, cone-beam and spiral artefacts, reconstruction itself (noise is added to the image); lung disease beyond
effusion, tumours, scoliosis, one lung; plaques are capsules of even density with a wavy outline; contrast medium fills
all blood alike. Courses are jittered copies of one plan, so that hearts differ less than people do.
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
