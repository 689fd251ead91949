"""The protocol of a series, from what the site chose and what the header says."""

from scoring.protocol.acquisition import Acquisition
from scoring.protocol.choices import ScoringChoices
from scoring.protocol.presets import Protocol, preset_for
from scoring.protocol.voltage import steps_for
from scoring.result import Finding


def protocol_for(choices: ScoringChoices, acquisition: Acquisition) -> tuple[Protocol, tuple[Finding, ...]]:
    """Protocol of a series: the preset with the HU steps that fit its tube voltage.

    Parameters
    ----------
    choices : ScoringChoices
        Preset, connectivity, kVp rule and assumed kVp of the site.
    acquisition : Acquisition
        Manufacturer, kVp, filter and kernel of the series.

    Returns
    -------
    tuple[Protocol, tuple[Finding, ...]]
        The findings (code ``kvp``) say what was assumed or adapted; they are empty at a stated 120 kVp.

    Raises
    ------
    UnfitError
        ``kvp``: the voltage is missing, impossible, or has no rule.
    ValueError
        The choices hold a word that is none of theirs.

    Examples
    --------
    HU of calcium rise as the voltage falls, and the threshold with them:

    >>> protocol, findings = protocol_for(ScoringChoices(), Acquisition(kvp=100.0))
    >>> protocol.threshold_hu, findings[0].severity.value
    (145.0, 'note')

    An artificial-120-kVp kernel is not re-thresholded:

    >>> protocol_for(ScoringChoices(), Acquisition(kvp=100.0, kernel="Sa36f"))[0].threshold_hu
    130.0
    """
    preset = preset_for(choices, acquisition)
    steps, findings = steps_for(choices, acquisition)
    return preset.at_steps(steps), findings
