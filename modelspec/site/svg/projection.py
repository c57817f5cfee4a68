"""From latitude and longitude to the page: Natural Earth I, after Šavrič, Jenny, Patterson, Petrovič and Hurni (2011).

The coefficients are those of "A Polynomial Equation for the Natural Earth Projection", Cartography and
Geographic Information Science 38 (4).
"""

from math import pi, radians

WIDTH = 960
HEIGHT = 440
"""The picture, from the north of Greenland to south of Cape Horn: nobody serves models from Antarctica."""

_SCALE = WIDTH / (2 * pi * 0.8707)
_NORTH = 84.5
"""The parallel at the upper edge of the picture, in degrees."""


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Where a place is: x to the right and y down, within the picture."""
    x, y = _natural_earth(latitude, longitude)
    top = _natural_earth(_NORTH, 0)[1]
    return (
        min(max(WIDTH / 2 + x * _SCALE, 0.0), float(WIDTH)),
        min(max((top - y) * _SCALE, 0.0), float(HEIGHT)),
    )


def _natural_earth(latitude: float, longitude: float) -> tuple[float, float]:
    phi = radians(latitude)
    square = phi * phi
    fourth = square * square
    x = radians(longitude) * (
        0.8707 - 0.131979 * square + fourth * (-0.013791 + fourth * (0.003971 * square - 0.001529 * fourth))
    )
    y = phi * (1.007226 + square * (0.015085 + fourth * (-0.044475 + 0.028874 * square - 0.005916 * fourth)))
    return x, y
