"""An emulator of the Liine interaction API with invented data and a clock that tests move.

It was written from the reference alone; no answer of the real service was ever seen. What works against it works under
the interpretations of the reference that `Interpretation` offers, no more. It cannot show which interpretation is the
right one, how fast, large or reliable the real service is, or what it does where the reference is silent and no
switch exists. It refuses what the reference does not document; the real service may be more lenient.

It shares the tables of `liine_source.spec` with the connector and none of the connector's behaviour.
"""

from liine_source.emulator.http.app import create_app
from liine_source.emulator.http.faults import Burst, Faults
from liine_source.emulator.http.server import create_emulator, running_emulator, serve
from liine_source.emulator.http.service import Emulator, Request
from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.synthetic.history import DEFAULT_NOW, Settings
from liine_source.emulator.synthetic.rows import ABSENT

__all__ = [
    "ABSENT",
    "DEFAULT_NOW",
    "Burst",
    "Emulator",
    "Faults",
    "Interpretation",
    "Request",
    "Settings",
    "create_app",
    "create_emulator",
    "running_emulator",
    "serve",
]
