"""Scoring: the science. Numpy arrays in, frozen dataclasses out.

In:      a Volume in HU, what the scanner said of the acquisition, age and sex.
Out:     a Score, or an Unfit that says why there is none.
Keeps:   nothing.
Hostile: any array: absurd, empty or enormous values end as an Unfit, never as a wrong number.
Alone:   tests/scoring: arrays, properties, a slow second implementation, published known answers.
"""
